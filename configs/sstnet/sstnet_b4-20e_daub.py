# SSTNet with its official schedule.
_base_ = [
    '../_base_/models/sstnet.py',
    '../_base_/datasets/daub.py',
    '../_base_/schedules/sstnet_sgd-20e.py',
    '../_base_/default_runtime_moving.py',
]

train_dataloader = dict(batch_size=4)
