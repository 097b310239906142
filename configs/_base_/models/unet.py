# U-Net in the form of BasicIRSTD: mmseg's own UNet, with biases before the norms, nearest-neighbour upsampling and a
# 3x3 convolution after it.
biased = dict(type='mmirstd.BiasedConv2d')
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor', mean=[0.0], std=[1.0], size_divisor=16, pad_val=0, seg_pad_val=255),
    backbone=dict(
        type='UNet',
        in_channels=1,
        base_channels=64,
        conv_cfg=biased,
        upsample_cfg=dict(
            type='InterpConv',
            conv_cfg=biased,
            kernel_size=3,
            padding=1,
            upsample_cfg=dict(scale_factor=2, mode='nearest'))),
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=64,
        in_index=4,
        init_cfg=None,  # PyTorch's own, as in the official code
        loss_decode=dict(type='mmirstd.SoftIoULoss', per_sample=False)),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'))
