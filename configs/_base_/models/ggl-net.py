# GGL-Net (arXiv 2512.09497) as a stock mmseg EncoderDecoder; 16 base channels are the paper's.
base_channels = 16
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor',
        # mmirstd.LoadInfraredImage delivers about [0, 1]; GGL-Net's official code does not standardise further.
        mean=[0.0],
        std=[1.0],
        size_divisor=16,
        pad_val=0,
        seg_pad_val=255),
    backbone=dict(type='mmirstd.GGLEncoder', in_channels=1, base_channels=base_channels, gradient='gsm'),
    neck=dict(type='mmirstd.TGFM', in_channels=[base_channels * 2**i for i in range(5)]),
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=base_channels,
        channels=base_channels,
        loss_decode=dict(type='mmirstd.SoftIoULoss')),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'))
