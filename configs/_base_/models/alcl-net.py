# ALCL-Net (Yu et al., IEEE GRSL 2022): five residual stages, local contrast learning, bilinear attention.
channels = [16, 32, 64, 128, 256]
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
    backbone=dict(type='mmirstd.ResidualEncoder', in_channels=1, channels=channels),
    neck=dict(type='mmirstd.ALCLNeck', in_channels=channels),
    decode_head=dict(
        type='mmirstd.IRSTDHead', in_channels=16, channels=16, loss_decode=dict(type='mmirstd.SoftIoULoss')),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'))
