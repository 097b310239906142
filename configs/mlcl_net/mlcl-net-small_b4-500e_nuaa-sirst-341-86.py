# MLCL-Net, small form, with the schedule of the authors' code base (YuChuang1205/MSDA-Net).
_base_ = [
    '../_base_/models/mlcl-net-small.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/schedules/ggl-net_adam-500e.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=4)
