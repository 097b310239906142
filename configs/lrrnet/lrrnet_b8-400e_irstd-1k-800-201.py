# LRRNet with its official schedule (HaLongbao/LRRNet).
_base_ = [
    '../_base_/models/lrrnet.py',
    '../_base_/datasets/irstd-1k-800-201.py',
    '../_base_/default_runtime.py',
]

# The schedule of the official code (run_config.py): Adam, a polynomial decay by iterations, batch 8.
train_dataloader = dict(batch_size=8)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4))
param_scheduler = [dict(type='PolyLR', power=0.9, eta_min=0, by_epoch=True, convert_to_iter_based=True)]

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=400, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
