# U-Net with BasicIRSTD's schedule.
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/schedules/basicirstd_adam-400e.py',
    '../_base_/default_runtime.py',
]

# U-Net in the form of BasicIRSTD: mmseg's own UNet, with biases before the norms, nearest-neighbor upsampling and a
# 3x3 convolution after it.
biased = dict(type='mmirstd.BiasedConv2d')
model = dict(
    data_preprocessor=dict(size_divisor=16),
    backbone=dict(
        type='UNet',
        in_channels=1,
        base_channels=64,
        init_cfg=dict(type='mmirstd.PyTorchInit', within='UNet'),
        conv_cfg=biased,
        upsample_cfg=dict(
            type='InterpConv',
            conv_cfg=biased,
            kernel_size=3,
            padding=1,
            upsample_cfg=dict(scale_factor=2, mode='nearest'),
        ),
    ),
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=64,
        in_index=4,
        init_cfg=None,  # PyTorch's own, as in the official code
        loss_decode=dict(type='mmirstd.SoftIoULoss', per_sample=False),
    ),
)

train_dataloader = dict(batch_size=16)
