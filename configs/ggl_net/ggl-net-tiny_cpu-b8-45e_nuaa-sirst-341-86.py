# GGL-Net with half the widths and a schedule for two CPU cores, from random weights: ours, not the paper's.
# The ablation's configs inherit from it.
_base_ = [
    '../_base_/models/ggl-net-tiny.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/schedules/cpu_adamw-onecycle.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=8)
