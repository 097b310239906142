# SSTNet with its official schedule and start (which goes on to load a pretrained backbone there).
_base_ = [
    '../_base_/models/sstnet.py',
    '../_base_/datasets/daub.py',
    '../_base_/schedules/sstnet_sgd-20e.py',
    '../_base_/default_runtime_moving.py',
]

model = dict(init_cfg=dict(type='mmirstd.NarrowNormalInit'))

train_dataloader = dict(batch_size=4)
