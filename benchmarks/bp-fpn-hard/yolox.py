# YOLOX of an eighth of the widths on the hard sequences: small enough for hundreds of trainings on two cores.
_base_ = [
    '../../configs/_base_/models/yolox-nano.py',
    '../../configs/_base_/datasets/synthetic-sequences.py',
    '../../configs/_base_/schedules/cpu_adamw-onecycle.py',
    '../../configs/_base_/default_runtime_moving.py',
]

data_root = 'data/bp-fpn-hard'
single = dict(batch_size=16, num_workers=0, persistent_workers=False, dataset=dict(data_root=data_root, num_frames=1))
# Frames of one sequence are alike: every second one teaches nearly as much as all.
train_dataloader = dict(single, dataset=dict(single['dataset'], key_every=2))
val_dataloader = single
test_dataloader = single

model = dict(
    backbone=dict(widen_factor=0.125),
    neck=dict(in_channels=[32, 64, 128], out_channels=32),
    # An IoU says nothing of a box that misses its target; with the IoU loss nothing was learned in this time.
    bbox_head=dict(
        in_channels=32,
        feat_channels=32,
        loss_bbox=dict(type='GIoULoss', reduction='sum', loss_weight=5.0),
        init_cfg=dict(std=None),  # mmdet's start, as the first records have it; 0.01: small first predictions
    ),
)

# One validation, after the last epoch: the cycle ends there, and no choice among checkpoints adds noise.
train_cfg = dict(max_epochs=6, val_interval=6)
# The same on every CPU; bfloat16 is no faster in networks this small.
optim_wrapper = dict(dtype='float32')
metric = dict(per_sequence=False, protocol='default', scr_bins=(0, 0.5, 1, 2, 4, None))
val_evaluator = metric
test_evaluator = metric
