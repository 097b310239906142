# UIU-Net (Wu et al., IEEE TIP 2023).
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor', mean=[0.0], std=[1.0], size_divisor=32, pad_val=0, seg_pad_val=255),
    backbone=dict(type='mmirstd.UIUEncoder', in_channels=1),
    neck=dict(type='mmirstd.InteractiveCrossAttentionNeck'),
    # Resolution-maintenance deep supervision: every level's map and the one fused of them, cross-entropies summed.
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=[64, 64, 128, 256, 512, 512],
        in_index=[0, 1, 2, 3, 4, 5],
        kernel_size=3,
        fusion_kernel_size=1,
        init_cfg=None,  # PyTorch's own, as in the official code
        loss_decode=dict(type='mmirstd.BinaryCrossEntropyLoss')),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'))
