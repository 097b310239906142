# MLCL-Net (Yu et al., Infrared Physics & Technology 2022): three residual stages at full resolution and below,
# multi-scale local contrast on each, levels added up.
channels = [16, 32, 64]
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor',
        # mmirstd.LoadInfraredImage delivers about [0, 1], as in the official code.
        mean=[0.0],
        std=[1.0],
        size_divisor=4,
        pad_val=0,
        seg_pad_val=255),
    backbone=dict(type='mmirstd.ResidualEncoder', in_channels=1, channels=channels),
    neck=dict(type='mmirstd.MLCLNeck', in_channels=channels, out_channels=64),
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=64,
        channels=64,
        init_cfg=None,  # PyTorch's own, as in the official code
        loss_decode=dict(type='mmirstd.SoftIoULoss')),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'))
