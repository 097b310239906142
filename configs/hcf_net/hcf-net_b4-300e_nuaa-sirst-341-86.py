# HCF-Net with its official schedule (zhengshuchen/HCFNet, arXiv 2403.10778).
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/default_runtime.py',
]

# HCF-Net (ICME 2024, arXiv 2403.10778): patch-aware attention, skips that choose between levels, dilated refinement.
channels = [32, 64, 128, 256, 512]
model = dict(
    data_preprocessor=dict(size_divisor=16),
    backbone=dict(type='mmirstd.HCFEncoder', in_channels=1, channels=channels),
    neck=dict(type='mmirstd.HCFNeck', in_channels=channels),
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=channels,
        in_index=[0, 1, 2, 3, 4],
        align_corners=True,
        level_weights=[1, 0.5, 0.25, 0.125, 0.0625],
        init_cfg=None,  # PyTorch's own, as in the official code
        loss_decode=[
            dict(type='mmirstd.BinaryCrossEntropyLoss', avg_non_ignore=True),
            dict(type='mmirstd.SoftIoULoss', smooth=1e-6),
        ],
    ),
)

# The schedule of the official code (options/train.yaml): AdamW, a cosine by iterations, batch 4.
train_dataloader = dict(batch_size=4)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=5e-4, weight_decay=1e-4))
param_scheduler = [dict(type='CosineAnnealingLR', eta_min=1e-5, by_epoch=True, convert_to_iter_based=True)]

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=300, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
