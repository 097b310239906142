# AGPCNet (arXiv 2111.03580): ResNet-18 at full resolution, a pyramid of attention-guided contexts, asymmetric fusion.
_base_ = ['../segmentor.py']

model = dict(
    data_preprocessor=dict(size_divisor=8),
    backbone=dict(type='mmirstd.FullResolutionResNet', depth=18, in_channels=1, out_indices=(1, 2, 3)),
    neck=dict(type='mmirstd.AGPCNeck', in_channels=[128, 256, 512], scales=[10, 6, 5, 3], reduction=16, ratio=4),
    # Predicts at stride 2; the segmentor upsamples.
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=128,
        channels=32,
        hidden_kernel_size=3,
        hidden_bias=True,
        norm_cfg=dict(type='BN'),
        dropout_ratio=0.1,
        align_corners=True,
        loss_decode=dict(type='mmirstd.SoftIoULoss'),
    ),
)
