# SCTransNet as its authors train it: one network for three data sets (xdFai/SCTransNet, arXiv 2401.15583).
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/sirst3.py',
    '../_base_/default_runtime.py',
]

# SCTransNet (arXiv 2401.15583): residual U-Net with a channel transformer in its skip connections.
channels = [32, 64, 128, 256, 256]
init_cfg = [
    dict(type='Kaiming', layer=['Conv2d', 'Conv1d', 'Linear'], a=0, mode='fan_in', nonlinearity='relu'),
    dict(type='Normal', layer='_BatchNorm', mean=1.0, std=0.02),
    dict(type='mmirstd.PyTorchInit', within=['CBAMResidualEncoder', 'IRSTDHead'], weights=False),
]
model = dict(
    data_preprocessor=dict(size_divisor=16),
    backbone=dict(
        type='mmirstd.CBAMResidualEncoder',
        in_channels=1,
        channels=channels,
        num_blocks=[1] * 5,
        cbam_ratio=None,
        act_cfg=dict(type='LeakyReLU'),
        init_cfg=init_cfg,
    ),
    neck=dict(type='mmirstd.SCTransNeck', in_channels=channels, patch_sizes=[16, 8, 4, 2], num_blocks=4),
    # Six cross entropies are summed; the prediction is the finest map, not the fused one.
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=[32, 32, 64, 128, 256],
        in_index=[0, 1, 2, 3, 4],
        fusion_kernel_size=1,
        fusion_predicts=False,
        align_corners=True,
        loss_decode=dict(type='mmirstd.BinaryCrossEntropyLoss', avg_non_ignore=True),
        init_cfg=init_cfg,
    ),
)

# The schedule of xdFai/SCTransNet (train.py): Adam, a cosine from 1e-3 to 1e-5, batch 16.
train_dataloader = dict(batch_size=16)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = [dict(type='CosineAnnealingLR', eta_min=1e-5, by_epoch=True)]

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=1000, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
