# ACM-FPN (arXiv 2009.14530) in the form of Tianfang-Zhang/acm-pytorch: asymmetric modulation in an FPN.
_base_ = ['./segmentor.py']

normal = dict(type='Normal', layer='Conv2d', std=0.02)  # of every convolution, as in acm-pytorch
model = dict(
    data_preprocessor=dict(size_divisor=16),
    backbone=dict(type='mmirstd.ACMEncoder', in_channels=1, init_cfg=normal),
    neck=dict(type='mmirstd.ACMNeck', upsample='bilinear', project=True, init_cfg=normal),
    # Predicts at stride 4; the segmentor upsamples.
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=16,
        channels=4,
        hidden_kernel_size=3,
        norm_cfg=dict(type='BN'),
        dropout_ratio=0.1,
        init_cfg=normal,
        loss_decode=dict(type='mmirstd.SoftIoULoss'),
    ),
)
