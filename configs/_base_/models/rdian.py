# RDIAN (Sun et al., IEEE TGRS 2023) in BasicIRSTD's form.
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor', mean=[0.0], std=[1.0], size_divisor=2, pad_val=0, seg_pad_val=255),
    backbone=dict(type='mmirstd.RDIANEncoder', in_channels=1),
    neck=dict(type='mmirstd.RDIANNeck'),
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=32,
        channels=8,
        hidden_kernel_size=3,
        norm_cfg=dict(type='BN'),
        dropout_ratio=0.1,
        init_cfg=None,  # PyTorch's own, as in the official code
        loss_decode=dict(type='mmirstd.SoftIoULoss', per_sample=False)),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'))
