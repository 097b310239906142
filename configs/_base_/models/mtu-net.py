# MTU-Net (IEEE TGRS 2023): a residual U-Net whose bottom sees all levels by vision transformers.
_base_ = ['../segmentor.py']

channels = [16, 32, 64, 128, 256]
leaky = dict(type='LeakyReLU')
xavier = dict(type='Xavier', layer='Conv2d', distribution='normal')  # of every convolution, as in the official code
model = dict(
    data_preprocessor=dict(size_divisor=16),
    backbone=dict(
        type='mmirstd.CBAMResidualEncoder',
        in_channels=1,
        channels=channels,
        num_blocks=[1, 2, 2, 2, 2],
        cbam_ratio=None,
        act_cfg=leaky,
        init_cfg=xavier,
    ),
    neck=[
        dict(type='mmirstd.MultiLevelViT', in_channels=channels, act_cfg=leaky, init_cfg=xavier),
        dict(type='mmirstd.ResUNetNeck', in_channels=channels, act_cfg=leaky, init_cfg=xavier),
    ],
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=channels[0],
        init_cfg=xavier,
        loss_decode=dict(type='mmirstd.FocalIoULoss'),
    ),
)
