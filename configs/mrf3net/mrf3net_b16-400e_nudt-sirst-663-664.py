# MRF3Net with its official schedule (Temperature-ai/MRF3Net, TGRS 2024).
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/nudt-sirst-663-664.py',
    '../_base_/default_runtime.py',
]

# MRF3Net (TGRS 2024): receptive fields side by side, fusion by agreement, side masks and edges.
channels = [32, 64, 128]
normal = [
    dict(type='Normal', layer='Conv2d', std=0.02),
    dict(type='Normal', layer='_BatchNorm', mean=1.0, std=0.02),
    dict(type='mmirstd.PyTorchInit', within='MRF3Head', weights=False),
]
model = dict(
    data_preprocessor=dict(size_divisor=4),
    backbone=dict(type='mmirstd.MRF3Encoder', in_channels=1, channels=channels),
    neck=dict(type='mmirstd.MRF3Neck', in_channels=channels),
    decode_head=dict(
        type='mmirstd.MRF3Head',
        in_channels=channels,
        loss_decode=[
            dict(type='mmirstd.BinaryCrossEntropyLoss', avg_non_ignore=True),
            dict(type='mmirstd.MeanIoULoss'),
        ],
        init_cfg=normal,
    ),
)

# The schedule of Temperature-ai/MRF3Net: Adam, three epochs of warm-up, a cosine, the last 15 epochs at its end.  The
# command line's rate of 1e-3 is cut to 1e-4 by its code.
train_dataloader = dict(batch_size=16)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4, betas=(0.937, 0.999)))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=True, begin=0, end=3),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=True, begin=3, end=385),
]

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=400, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
