# SCTransNet with its official schedule (xdFai/SCTransNet, arXiv 2401.15583).
_base_ = [
    '../_base_/models/sctransnet.py',
    '../_base_/datasets/irstd-1k-800-201.py',
    '../_base_/schedules/sctransnet_adam-1000e.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=16)
