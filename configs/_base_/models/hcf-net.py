# HCF-Net (ICME 2024, arXiv 2403.10778): patch-aware attention, skips that choose between levels, dilated refinement.
_base_ = ['../segmentor.py']

channels = [32, 64, 128, 256, 512]
uniform = dict(
    type='Kaiming', layer='Conv2d', a=5**0.5, mode='fan_in', nonlinearity='leaky_relu', distribution='uniform'
)
model = dict(
    data_preprocessor=dict(size_divisor=16),
    backbone=dict(type='mmirstd.HCFEncoder', in_channels=1, channels=channels),
    neck=dict(type='mmirstd.HCFNeck', in_channels=channels),
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=channels,
        in_index=[0, 1, 2, 3, 4],
        align_corners=True,
        level_weights=[1, 0.5, 0.25, 0.125, 0.0625],
        init_cfg=uniform,
        loss_decode=[
            dict(type='mmirstd.BinaryCrossEntropyLoss', avg_non_ignore=True),
            dict(type='mmirstd.SoftIoULoss', smooth=1e-6),
        ],
    ),
)
