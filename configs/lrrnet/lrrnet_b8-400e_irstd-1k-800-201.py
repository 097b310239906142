# LRRNet with its official schedule (HaLongbao/LRRNet).
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/irstd-1k-800-201.py',
    '../_base_/default_runtime.py',
]

# LRRNet (IEEE TGRS 2025): the low-rank background by a U-Net, the target from what is left.
model = dict(
    data_preprocessor=dict(size_divisor=8),
    backbone=dict(type='mmirstd.LRRNet', in_channels=1, channels=[16, 32, 64, 128]),
    # The official loss has soft IoU twice, with weights 1 and 0.8, and a term without a gradient, which is left out.
    decode_head=dict(
        type='mmirstd.UnfoldingHead',
        reconstruction_weight=0.1,
        loss_decode=dict(type='mmirstd.SoftIoULoss', loss_weight=1.8),
    ),
)

# The schedule of the official code (run_config.py): Adam, a polynomial decay by iterations, batch 8.
train_dataloader = dict(batch_size=8)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4))
param_scheduler = [dict(type='PolyLR', power=0.9, eta_min=0, by_epoch=True, convert_to_iter_based=True)]

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=400, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
