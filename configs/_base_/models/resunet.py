# ResUNet of BasicIRSTD: DNANet's encoder without attention and without the deepest stage, and a U-shaped decoder.
_base_ = ['./segmentor.py']

channels = [16, 32, 64, 128]
model = dict(
    data_preprocessor=dict(size_divisor=8),
    backbone=dict(
        type='mmirstd.CBAMResidualEncoder', in_channels=1, channels=channels, num_blocks=[1, 2, 2, 2], cbam_ratio=None
    ),
    neck=dict(type='mmirstd.ResUNetNeck', in_channels=channels),
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=16,
        init_cfg=None,  # PyTorch's own, as in the official code
        loss_decode=dict(type='mmirstd.SoftIoULoss', per_sample=False),
    ),
)
