# The single-frame baseline, half the widths, CPU schedule.
_base_ = [
    '../_base_/models/yolox-nano.py',
    '../_base_/datasets/drone-ir.py',
    '../_base_/schedules/cpu_adamw-onecycle.py',
    '../_base_/default_runtime_moving.py',
]

# mmdet's start of the head, with which the figures of this config were measured, not the default.
model = dict(bbox_head=dict(init_cfg=dict(std=None)))

train_cfg = dict(max_epochs=9, val_interval=3)

# One frame a sample.
train_dataloader = dict(batch_size=8, dataset=dict(num_frames=1))
val_dataloader = dict(dataset=dict(num_frames=1))
test_dataloader = dict(dataset=dict(num_frames=1))
