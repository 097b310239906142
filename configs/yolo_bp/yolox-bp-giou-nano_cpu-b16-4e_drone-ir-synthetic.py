# YOLOX with GILS and DGR on Drone-IR and generated sequences, one frame at a time; for images from elsewhere.
# GIoU in place of the IoU loss: see yolo-bp-giou-nano_cpu-b4-12e_synthetic-sequences.py.
_base_ = [
    '../_base_/models/yolox-nano.py',
    '../_base_/datasets/drone-ir-synthetic.py',
    '../_base_/schedules/cpu_adamw-onecycle.py',
    '../_base_/default_runtime_moving.py',
]

model = dict(
    backbone=dict(out_indices=(1, 2, 3, 4)),  # stride 4, for the shortcut
    neck=dict(
        _delete_=True,
        type='mmirstd.BPFPN',
        pyramid={{_base_.model.neck}},
        gils=dict(),
        dgr=dict(form='feature'),  # with which the shipped checkpoint was trained
    ),
    bbox_head=dict(
        loss_bbox=dict(type='GIoULoss', reduction='sum', loss_weight=5.0),
        init_cfg=dict(std=None),  # mmdet's start, with which it was trained, too
    ),
)

# One frame a sample.
train_dataloader = dict(batch_size=16, dataset=dict(num_frames=1))
val_dataloader = dict(dataset=dict(num_frames=1))
test_dataloader = dict(dataset=dict(num_frames=1))

train_cfg = dict(max_epochs=4, val_interval=4)
# The average of the weights over about the last 300 steps is evaluated and saved.
custom_hooks = [
    dict(type='mmirstd.ChannelsLastHook'),
    dict(type='EMAHook', momentum=3e-3, update_buffers=True, begin_epoch=2),
]
