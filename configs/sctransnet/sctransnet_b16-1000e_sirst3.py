# SCTransNet as its authors train it: one network for three data sets (xdFai/SCTransNet, arXiv 2401.15583).
_base_ = [
    '../_base_/models/sctransnet.py',
    '../_base_/datasets/sirst3.py',
    '../_base_/default_runtime.py',
]

# The schedule of xdFai/SCTransNet (train.py): Adam, a cosine from 1e-3 to 1e-5, batch 16.
train_dataloader = dict(batch_size=16)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = [dict(type='CosineAnnealingLR', eta_min=1e-5, by_epoch=True)]

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=1000, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
