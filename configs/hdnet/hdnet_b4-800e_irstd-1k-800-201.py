# HDNet with its official schedule (xumingzhu989/HDNet-TGRS, TGRS 2025).
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/irstd-1k-800-201.py',
    '../_base_/default_runtime.py',
]

# HDNet (Xu et al., TGRS 2025): MSHNet with atrous contrast in the encoder and a high-pass filtered image in the head.
channels = [16, 32, 64, 128, 256]
warm_epoch = 5
model = dict(
    data_preprocessor=dict(size_divisor=16),
    backbone=dict(
        type='mmirstd.HDEncoder',
        in_channels=1,
        stem_channels=channels[0],
        channels=channels,
        num_blocks=[1, 2, 2, 2, 2],
        init_cfg=dict(type='mmirstd.PyTorchInit', within='HDEncoder'),
    ),
    neck=dict(
        type='mmirstd.HDNeck',
        in_channels=channels,
        num_blocks=[1, 2, 2, 2],
        cbam_ratio=16,
        init_cfg=dict(type='mmirstd.PyTorchInit', within='HDNeck'),
    ),
    decode_head=dict(
        type='mmirstd.HDHead',
        in_channels=channels[:4],
        in_index=[0, 1, 2, 3],
        fusion_kernel_size=3,
        align_corners=True,
        native_supervision=True,
        level_weights=[0.2] * 5,
        warm_epoch=warm_epoch,
        loss_decode=dict(type='mmirstd.SLSIoULoss', warm_epoch=warm_epoch, by_area=True),
        init_cfg=dict(type='mmirstd.PyTorchInit', within='HDHead'),
    ),
)

# The schedule of xumingzhu989/HDNet-TGRS (main.py): Adagrad, whose rate swings between 0.05 and 0.045 every 25 epochs.
train_dataloader = dict(batch_size=4)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adagrad', lr=0.05))
param_scheduler = [dict(type='CosineAnnealingLR', T_max=25, eta_min=0.045, by_epoch=True)]

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=800, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
