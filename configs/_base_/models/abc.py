# ABC (ICME 2023, arXiv 2303.10321) in its form CLFT-B: attention with a bilinear correlation, for images of 256 pixels.
_base_ = ['../segmentor.py']

channels = [32, 64, 128, 256, 512]
uniform = dict(
    type='Kaiming', layer='Conv2d', a=5**0.5, mode='fan_in', nonlinearity='leaky_relu', distribution='uniform'
)
model = dict(
    data_preprocessor=dict(size_divisor=16),
    backbone=dict(type='mmirstd.ABCEncoder', in_channels=1, channels=channels, image_size=256),
    neck=dict(type='mmirstd.ABCNeck', in_channels=channels),
    # Six soft IoUs are summed; the finest level has two maps, of which the pointwise one predicts.
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=[channels[0], *channels],
        in_index=[0, 0, 1, 2, 3, 4],
        aux_kernel_size=3,
        init_cfg=uniform,
        loss_decode=dict(type='mmirstd.SoftIoULoss', per_sample=False),
    ),
)
