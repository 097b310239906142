# MTU-Net with its official schedule; its own data set, NUDT-SIRST-Sea, takes `--data` with a file of yours.
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/nudt-sirst-663-664.py',
    '../_base_/default_runtime.py',
]

# MTU-Net (IEEE TGRS 2023): a residual U-Net whose bottom sees all levels by vision transformers.
channels = [16, 32, 64, 128, 256]
leaky = dict(type='LeakyReLU')
xavier = dict(type='Xavier', layer='Conv2d', distribution='normal')  # of every convolution, as in the official code
model = dict(
    data_preprocessor=dict(size_divisor=16),
    backbone=dict(
        type='mmirstd.CBAMResidualEncoder',
        in_channels=1,
        channels=channels,
        num_blocks=[1, 2, 2, 2, 2],
        cbam_ratio=None,
        act_cfg=leaky,
        init_cfg=xavier,
    ),
    neck=[
        dict(type='mmirstd.MultiLevelViT', in_channels=channels, act_cfg=leaky, init_cfg=xavier),
        dict(type='mmirstd.ResUNetNeck', in_channels=channels, act_cfg=leaky, init_cfg=xavier),
    ],
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=channels[0],
        init_cfg=xavier,
        loss_decode=dict(type='mmirstd.FocalIoULoss'),
    ),
)

# The schedule of the official code (model/parse_args_train.py): Adagrad, a cosine from 0.05 to 1e-5, batch 1.
train_dataloader = dict(batch_size=1)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adagrad', lr=0.05))
param_scheduler = [dict(type='CosineAnnealingLR', eta_min=1e-5, by_epoch=True)]

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=1000, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
