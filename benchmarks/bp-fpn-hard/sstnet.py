# SSTNet of an eighth of the widths on the hard sequences: five frames a sample.
_base_ = [
    '../../configs/_base_/models/sstnet-nano.py',
    '../../configs/_base_/datasets/synthetic-sequences.py',
    '../../configs/_base_/schedules/cpu_adamw-onecycle.py',
    '../../configs/_base_/default_runtime_moving.py',
]

data_root = 'data/bp-fpn-hard'
clips = dict(batch_size=8, num_workers=0, persistent_workers=False, dataset=dict(data_root=data_root))
# The first frame of a sequence, which has no past, and the last, which has all of it.
train_dataloader = dict(clips, dataset=dict(clips['dataset'], key_every=4))
val_dataloader = clips
test_dataloader = clips

model = dict(
    backbone=dict(widen_factor=0.125),
    neck=dict(in_channels=[32, 64, 128]),
    temporal_neck=dict(in_channels=32, out_channels=32),
    bbox_head=dict(
        in_channels=32,
        feat_channels=32,
        loss_bbox=dict(type='GIoULoss', reduction='sum', loss_weight=5.0),
        init_cfg=dict(std=None),  # mmdet's start, as the first records have it; 0.01: small first predictions
    ),
    motion_branch=dict(feat_channels=32, channels=16),
)

train_cfg = dict(max_epochs=6, val_interval=6)
# The same on every CPU; bfloat16 is no faster in networks this small.
optim_wrapper = dict(dtype='float32')
metric = dict(per_sequence=False, protocol='default', scr_bins=(0, 0.5, 1, 2, 4, None))
val_evaluator = metric
test_evaluator = metric
