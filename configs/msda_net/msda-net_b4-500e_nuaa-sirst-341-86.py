# MSDA-Net (arXiv 2406.02037) with its official schedule.
_base_ = [
    '../_base_/models/msda-net.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/schedules/ggl-net_adam-500e.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=4)
