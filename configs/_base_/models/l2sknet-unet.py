# L2SKNet-UNet (Wu et al., TGRS 2024): the saliency kernels between a U-Net's encoder and decoder.
_base_ = ['../segmentor.py']

model = dict(
    data_preprocessor=dict(size_divisor=8),
    backbone=dict(type='mmirstd.DoubleConvEncoder', in_channels=1),
    neck=dict(type='mmirstd.L2SKNeck', decoder='unet'),
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=16,
        init_cfg=dict(type='mmirstd.PyTorchInit', within='IRSTDHead'),
        loss_decode=dict(type='mmirstd.SoftIoULoss', per_sample=False),
    ),
)
