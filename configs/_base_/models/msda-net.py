# MSDA-Net (arXiv 2406.02037): Haar subbands of the image and of the features guide five stages.
channels = [16, 32, 64, 64, 64]
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor',
        # mmirstd.LoadInfraredImage delivers about [0, 1], as in the official code.
        mean=[0.0],
        std=[1.0],
        size_divisor=16,
        pad_val=0,
        seg_pad_val=255),
    backbone=dict(type='mmirstd.MSDAEncoder', in_channels=1, channels=channels),
    neck=dict(type='mmirstd.MSDANeck', in_channels=channels),
    decode_head=dict(
        type='mmirstd.IRSTDHead', in_channels=16, channels=16, loss_decode=dict(type='mmirstd.SoftIoULoss')),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'))
