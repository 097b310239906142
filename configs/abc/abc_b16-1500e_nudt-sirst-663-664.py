# ABC (CLFT-B) with its official schedule (PANPEIWEN/ABC, arXiv 2303.10321).
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/nudt-sirst-663-664.py',
    '../_base_/default_runtime.py',
]

# ABC (ICME 2023, arXiv 2303.10321) in its form CLFT-B: attention with a bilinear correlation, for images of 256 pixels.
channels = [32, 64, 128, 256, 512]
model = dict(
    data_preprocessor=dict(size_divisor=16),
    backbone=dict(type='mmirstd.ABCEncoder', in_channels=1, channels=channels, image_size=256),
    neck=dict(type='mmirstd.ABCNeck', in_channels=channels),
    # Six soft IoUs are summed; the finest level has two maps, of which the pointwise one predicts.
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=[channels[0], *channels],
        in_index=[0, 0, 1, 2, 3, 4],
        aux_kernel_size=3,
        init_cfg=None,  # PyTorch's own, as in the official code
        loss_decode=dict(type='mmirstd.SoftIoULoss', per_sample=False),
    ),
)

# The schedule of the official configs: AdamW, five epochs of warm-up, then a polynomial decay to 0.
train_dataloader = dict(batch_size=16)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0.01))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.2, by_epoch=True, begin=0, end=5),
    dict(type='PolyLR', power=0.9, eta_min=0, by_epoch=True, begin=5),
]

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=1500, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
