# ISTDU-Net (Hou et al., IEEE GRSL 2022) in BasicIRSTD's form.
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor', mean=[0.0], std=[1.0], size_divisor=8, pad_val=0, seg_pad_val=255),
    backbone=dict(type='mmirstd.ISTDUEncoder', in_channels=1),
    neck=dict(type='mmirstd.ISTDUNeck', in_channels=[64, 128, 256, 512]),
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=64,
        channels=16,
        hidden_kernel_size=3,
        norm_cfg=dict(type='BN'),
        init_cfg=None,  # PyTorch's own, as in the official code
        loss_decode=dict(type='mmirstd.SoftIoULoss', per_sample=False)),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'))
