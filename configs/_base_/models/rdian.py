# RDIAN (Sun et al., IEEE TGRS 2023) in BasicIRSTD's form.
_base_ = ['./segmentor.py']

model = dict(
    data_preprocessor=dict(size_divisor=2),
    backbone=dict(type='mmirstd.RDIANEncoder', in_channels=1),
    neck=dict(type='mmirstd.RDIANNeck'),
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=32,
        channels=8,
        hidden_kernel_size=3,
        norm_cfg=dict(type='BN'),
        dropout_ratio=0.1,
        # PyTorch's own for the last convolution, as in the official code; mmcv's for the hidden one, unlike there
        init_cfg=None,
        loss_decode=dict(type='mmirstd.SoftIoULoss', per_sample=False),
    ),
)
