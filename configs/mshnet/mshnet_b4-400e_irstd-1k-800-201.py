# MSHNet with its official schedule (Lliu666/MSHNet, arXiv 2403.19366).
_base_ = [
    '../_base_/models/mshnet.py',
    '../_base_/datasets/irstd-1k-800-201.py',
    '../_base_/schedules/mshnet_adagrad-400e.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=4)
