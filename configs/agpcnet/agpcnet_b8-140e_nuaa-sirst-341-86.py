# AGPCNet (arXiv 2111.03580) with its official schedule, as long in iterations on NUAA-SIRST.
_base_ = [
    '../_base_/models/agpcnet.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/schedules/agpcnet_sgd-140e.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=8)
