# ACM as BasicIRSTD trains it: ACM-U-Net with three blocks a stage, no projection, and its momenta of batch norm.
_base_ = ['./segmentor.py']

norm_cfg = dict(type='BN', momentum=0.9)
block_norm_cfg = dict(type='BN')
model = dict(
    data_preprocessor=dict(size_divisor=16),
    backbone=dict(
        type='mmirstd.ACMEncoder', in_channels=1, num_blocks=[3, 3, 3], norm_cfg=norm_cfg, block_norm_cfg=block_norm_cfg
    ),
    neck=dict(
        type='mmirstd.ACMNeck',
        upsample='deconv',
        project=False,
        num_blocks=[3, 3],
        norm_cfg=norm_cfg,
        block_norm_cfg=block_norm_cfg,
    ),
    # Predicts at stride 4; the segmentor upsamples.
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=16,
        channels=4,
        hidden_kernel_size=3,
        norm_cfg=norm_cfg,
        dropout_ratio=0.1,
        # PyTorch's own for the last convolution, as in the official code; mmcv's for the hidden one, unlike there
        init_cfg=None,
        loss_decode=dict(type='mmirstd.SoftIoULoss', per_sample=False),
    ),
)
