# LVNet with a schedule of ours: its authors published neither training code nor schedule.
_base_ = [
    '../_base_/models/clip_segmentor.py',
    '../_base_/datasets/nudt-mirsdt-masks.py',
    '../_base_/schedules/cpu_adamw-onecycle.py',
    '../_base_/default_runtime.py',
]

# LVNet: convolutions of several sizes on each frame, and a U-shaped video transformer on clips of 4 frames.
num_frames = 4

model = dict(
    data_preprocessor=dict(size_divisor=32),
    num_frames=num_frames,
    supervised='all',
    backbone=dict(type='mmirstd.LVNetEncoder', in_channels=1),
    temporal_neck=dict(type='mmirstd.LVNetNeck', num_frames=num_frames),
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=6,
        init_cfg=None,  # PyTorch's own, as in the official code
        loss_decode=dict(type='mmirstd.SoftIoULoss', per_sample=False),
    ),
)

train_dataloader = dict(batch_size=4, dataset=dict(num_frames=num_frames, key_every=4))
train_cfg = dict(max_epochs=32)
