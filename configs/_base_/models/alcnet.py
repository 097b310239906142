# What BasicIRSTD calls ALCNet: ACM with transposed convolutions and a prediction at stride 2; no local contrast
# operator (configs/alcnet/README.md).
_base_ = ['./segmentor.py']

norm_cfg = dict(type='BN', momentum=0.9)
block_norm_cfg = dict(type='BN')
model = dict(
    data_preprocessor=dict(size_divisor=16),
    backbone=dict(
        type='mmirstd.ACMEncoder', in_channels=1, num_blocks=[4, 4, 4], norm_cfg=norm_cfg, block_norm_cfg=block_norm_cfg
    ),
    neck=dict(type='mmirstd.ACMNeck', upsample='deconv', project=False, finer_channels=8, norm_cfg=norm_cfg),
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=8,
        channels=2,
        hidden_kernel_size=3,
        norm_cfg=norm_cfg,
        dropout_ratio=0.1,
        # PyTorch's own for the last convolution, as in the official code; mmcv's for the hidden one, unlike there
        init_cfg=None,
        loss_decode=dict(type='mmirstd.SoftIoULoss', per_sample=False),
    ),
)
