# MSHNet (arXiv 2403.19366): a U-Net of CBAM residual blocks, a map at each scale, and SLS-IoU loss on all of them.
_base_ = ['../segmentor.py']

channels = [16, 32, 64, 128, 256]
warm_epoch = 5
# PyTorch's own, as in the official code; mmcv's ConvModule would bring another.
uniform = dict(
    type='Kaiming', layer='Conv2d', a=5**0.5, mode='fan_in', nonlinearity='leaky_relu', distribution='uniform'
)
model = dict(
    data_preprocessor=dict(size_divisor=16),
    backbone=dict(
        type='mmirstd.CBAMResidualEncoder',
        in_channels=1,
        stem_channels=channels[0],
        channels=channels,
        num_blocks=[1, 2, 2, 2, 2],
        init_cfg=uniform,
    ),
    neck=dict(
        type='mmirstd.ResUNetNeck', in_channels=channels, num_blocks=[1, 2, 2, 2], cbam_ratio=16, init_cfg=uniform
    ),
    decode_head=dict(
        type='mmirstd.WarmUpHead',
        in_channels=channels[:4],
        in_index=[0, 1, 2, 3],
        fusion_kernel_size=3,
        align_corners=True,
        native_supervision=True,
        level_weights=[0.2] * 5,
        warm_epoch=warm_epoch,
        loss_decode=dict(type='mmirstd.SLSIoULoss', warm_epoch=warm_epoch),
        init_cfg=uniform,
    ),
)
