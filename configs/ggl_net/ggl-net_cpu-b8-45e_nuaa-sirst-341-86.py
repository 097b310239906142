# GGL-Net with the paper's widths and a schedule for two CPU cores: ours, not the paper's (that is
# ggl-net_b4-500e_nuaa-sirst-341-86.py).
_base_ = [
    '../_base_/models/ggl-net.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/schedules/cpu_adamw-onecycle.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=8)
