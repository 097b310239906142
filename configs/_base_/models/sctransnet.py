# SCTransNet (arXiv 2401.15583): residual U-Net with a channel transformer in its skip connections.
_base_ = ['../segmentor.py']

channels = [32, 64, 128, 256, 256]
init_cfg = [
    dict(type='Kaiming', layer=['Conv2d', 'Conv1d', 'Linear'], a=0, mode='fan_in', nonlinearity='relu'),
    dict(type='Normal', layer='_BatchNorm', mean=1.0, std=0.02),
]
model = dict(
    data_preprocessor=dict(size_divisor=16),
    backbone=dict(
        type='mmirstd.CBAMResidualEncoder',
        in_channels=1,
        channels=channels,
        num_blocks=[1] * 5,
        cbam_ratio=None,
        act_cfg=dict(type='LeakyReLU'),
        init_cfg=init_cfg,
    ),
    neck=dict(type='mmirstd.SCTransNeck', in_channels=channels, patch_sizes=[16, 8, 4, 2], num_blocks=4),
    # Six cross entropies are summed; the prediction is the finest map, not the fused one.
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=[32, 32, 64, 128, 256],
        in_index=[0, 1, 2, 3, 4],
        fusion_kernel_size=1,
        fusion_predicts=False,
        align_corners=True,
        loss_decode=dict(type='mmirstd.BinaryCrossEntropyLoss', avg_non_ignore=True),
        init_cfg=init_cfg,
    ),
)
