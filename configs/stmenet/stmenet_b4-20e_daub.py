# STMENet with its official schedule, which is SSTNet's.
_base_ = [
    '../_base_/models/stmenet.py',
    '../_base_/datasets/daub.py',
    '../_base_/schedules/sstnet_sgd-20e.py',
    '../_base_/default_runtime_moving.py',
]

train_dataloader = dict(batch_size=4)
