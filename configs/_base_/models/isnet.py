# ISNet (Zhang et al., CVPR 2022) in BasicIRSTD's form.
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor', mean=[0.0], std=[1.0], size_divisor=16, pad_val=0, seg_pad_val=255),
    backbone=dict(type='mmirstd.ISNetEncoder', in_channels=1),
    neck=dict(type='mmirstd.ISNetNeck'),
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=16,
        channels=4,
        hidden_kernel_size=3,
        norm_cfg=dict(type='BN'),
        dropout_ratio=0.1,
        init_cfg=None,  # PyTorch's own, as in the official code
        loss_decode=dict(type='mmirstd.SoftIoULoss', per_sample=False)),
    # Has no parameters: supervises the edge logits of the neck.
    auxiliary_head=dict(type='mmirstd.EdgeHead', in_index=1, loss_decode=dict(type='mmirstd.ISNetEdgeLoss')),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'))
