# SeRankDet with its official schedule (GrokCV/SeRankDet, arXiv 2408.03717).
_base_ = [
    '../_base_/models/serankdet.py',
    '../_base_/datasets/nudt-sirst-663-664.py',
    '../_base_/default_runtime.py',
]

# The schedule of GrokCV/SeRankDet: AdamW, five epochs of warm-up, polynomial decay by epoch, batch 8.
train_dataloader = dict(batch_size=8)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0.01))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.2, by_epoch=True, begin=0, end=5),
    dict(type='PolyLR', eta_min=0, power=0.9, by_epoch=True, begin=5),
]

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=1500, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
