# SeRankDet with its official schedule (GrokCV/SeRankDet, arXiv 2408.03717).
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/nudt-sirst-663-664.py',
    '../_base_/default_runtime.py',
]

# SeRankDet (arXiv 2408.03717): dilated difference blocks, attention between channels by rank, selective fusion.
channels = [64, 128, 256, 512, 1024]
model = dict(
    data_preprocessor=dict(size_divisor=16),
    backbone=dict(type='mmirstd.SeRankEncoder', in_channels=1, channels=channels),
    neck=dict(type='mmirstd.SeRankNeck', in_channels=channels),
    # The prediction and a side map come from the same level.
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=[channels[0], *channels],
        in_index=[0, 0, 1, 2, 3, 4],
        aux_kernel_size=3,
        init_cfg=dict(type='mmirstd.PyTorchInit', within='IRSTDHead'),
        loss_decode=dict(type='mmirstd.SoftIoULoss', per_sample=False),
    ),
)

# The schedule of GrokCV/SeRankDet: AdamW, five epochs of warm-up, polynomial decay by epoch, batch 8.
train_dataloader = dict(batch_size=8)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0.01))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.2, by_epoch=True, begin=0, end=5),
    dict(type='PolyLR', eta_min=0, power=0.9, by_epoch=True, begin=5),
]

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=1500, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
