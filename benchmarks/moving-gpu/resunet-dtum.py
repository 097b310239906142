# ResUNet_DTUM of its authors' widths on generated sequences, by our schedule.
_base_ = [
    '../../configs/_base_/models/resunet.py',
    '../../configs/_base_/datasets/synthetic-sequences-masks.py',
    '../../configs/_base_/schedules/cpu_adamw-onecycle.py',
    '../../configs/_base_/default_runtime.py',
]

channels = [8, 16, 32, 64]
model = dict(
    type='mmirstd.DTUM',
    data_preprocessor=dict(type='mmirstd.ClipSegDataPreProcessor', mean=[0.0], std=[1.0]),
    backbone=dict(channels=channels),
    neck=dict(in_channels=channels),
    decode_head=dict(in_channels=8),
)

data_root = 'data/sequences'
train_dataloader = dict(batch_size=4, num_workers=4, dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))

train_cfg = dict(max_epochs=8, val_interval=4)
