# MSHNet with its official schedule (Lliu666/MSHNet, arXiv 2403.19366).
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/irstd-1k-800-201.py',
    '../_base_/default_runtime.py',
]

# MSHNet (arXiv 2403.19366): a U-Net of CBAM residual blocks, a map at each scale, and SLS-IoU loss on all of them.
channels = [16, 32, 64, 128, 256]
warm_epoch = 5
# PyTorch's own weights, as in the official code; mmcv's ConvModule would bring others. Biases start at 0, unlike there.
uniform = dict(
    type='Kaiming', layer='Conv2d', a=5**0.5, mode='fan_in', nonlinearity='leaky_relu', distribution='uniform'
)
model = dict(
    data_preprocessor=dict(size_divisor=16),
    backbone=dict(
        type='mmirstd.CBAMResidualEncoder',
        in_channels=1,
        stem_channels=channels[0],
        channels=channels,
        num_blocks=[1, 2, 2, 2, 2],
        init_cfg=uniform,
    ),
    neck=dict(
        type='mmirstd.ResUNetNeck', in_channels=channels, num_blocks=[1, 2, 2, 2], cbam_ratio=16, init_cfg=uniform
    ),
    decode_head=dict(
        type='mmirstd.WarmUpHead',
        in_channels=channels[:4],
        in_index=[0, 1, 2, 3],
        fusion_kernel_size=3,
        align_corners=True,
        native_supervision=True,
        level_weights=[0.2] * 5,
        warm_epoch=warm_epoch,
        loss_decode=dict(type='mmirstd.SLSIoULoss', warm_epoch=warm_epoch),
        init_cfg=uniform,
    ),
)

# The schedule of Lliu666/MSHNet (main.py): Adagrad at a constant rate, batch 4.
train_dataloader = dict(batch_size=4)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adagrad', lr=0.05))
param_scheduler = []

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=400, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
