# MRF3Net (TGRS 2024): receptive fields side by side, fusion by agreement, side masks and edges.
_base_ = ['../segmentor.py']

channels = [32, 64, 128]
normal = [
    dict(type='Normal', layer='Conv2d', std=0.02),
    dict(type='Normal', layer='_BatchNorm', mean=1.0, std=0.02),
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
