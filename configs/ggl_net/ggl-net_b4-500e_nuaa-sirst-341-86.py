# GGL-Net with the paper's widths and schedule (arXiv 2512.09497).
_base_ = [
    '../_base_/models/ggl-net.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/schedules/ggl-net_adam-500e.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=4)
