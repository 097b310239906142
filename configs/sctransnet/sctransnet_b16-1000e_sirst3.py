# SCTransNet as its authors train it: one network for three data sets (xdFai/SCTransNet, arXiv 2401.15583).
_base_ = [
    '../_base_/models/sctransnet.py',
    '../_base_/datasets/sirst3.py',
    '../_base_/schedules/sctransnet_adam-1000e.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=16)
