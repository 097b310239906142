# RPCANet (arXiv 2311.00917): six unfolded iterations of robust PCA at full resolution; no neck, nothing to divide by.
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor', mean=[0.0], std=[1.0], size_divisor=1, pad_val=0, seg_pad_val=255),
    backbone=dict(type='mmirstd.RPCANet', in_channels=1, num_stages=6, channels=32),
    decode_head=dict(
        type='mmirstd.UnfoldingHead',
        reconstruction_weight=0.01,
        loss_decode=dict(type='mmirstd.SoftIoULoss')),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'))
