# L2SKNet-FPN (Wu et al., TGRS 2024): learned kernels of center minus surroundings on every level, levels added.
_base_ = ['../segmentor.py']

model = dict(
    data_preprocessor=dict(size_divisor=8),
    backbone=dict(type='mmirstd.StemlessResNet', in_channels=1),
    neck=dict(type='mmirstd.L2SKNeck', decoder='fpn'),
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=16,
        channels=4,
        hidden_kernel_size=3,
        norm_cfg=dict(type='BN'),
        dropout_ratio=0.1,
        init_cfg=dict(type='mmirstd.PyTorchInit', within='IRSTDHead'),
        loss_decode=dict(type='mmirstd.SoftIoULoss', per_sample=False),
    ),
)
