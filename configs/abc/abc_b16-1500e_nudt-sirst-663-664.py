# ABC (CLFT-B) with its official schedule (PANPEIWEN/ABC, arXiv 2303.10321).
_base_ = [
    '../_base_/models/abc.py',
    '../_base_/datasets/nudt-sirst-663-664.py',
    '../_base_/default_runtime.py',
]

# The schedule of the official configs: AdamW, five epochs of warm-up, then a polynomial decay to 0.
train_dataloader = dict(batch_size=16)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0.01))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.2, by_epoch=True, begin=0, end=5),
    dict(type='PolyLR', power=0.9, eta_min=0, by_epoch=True, begin=5),
]

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=1500, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
