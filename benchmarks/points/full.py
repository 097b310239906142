# What learning from points is compared with: ResUNet of half the width, taught by the whole masks.
_base_ = [
    '../../configs/_base_/models/resunet.py',
    '../../configs/_base_/datasets/nuaa-sirst-341-86.py',
    '../../configs/_base_/schedules/cpu_adamw-onecycle.py',
    '../../configs/_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=8)
train_cfg = dict(max_epochs=40)

channels = [8, 16, 32, 64]
model = dict(
    backbone=dict(channels=channels),
    neck=dict(in_channels=channels),
    decode_head=dict(in_channels=channels[0]),
)
