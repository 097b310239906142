# SSTNet, half the widths, CPU schedule.
_base_ = [
    '../_base_/models/sstnet-nano.py',
    '../_base_/datasets/drone-ir.py',
    '../_base_/schedules/cpu_adamw-onecycle.py',
    '../_base_/default_runtime_moving.py',
]

# mmdet's start of the head, with which the figures of this config were measured, not the default.
model = dict(bbox_head=dict(init_cfg=dict(std=None)))

train_dataloader = dict(batch_size=8)

train_cfg = dict(max_epochs=9, val_interval=3)
