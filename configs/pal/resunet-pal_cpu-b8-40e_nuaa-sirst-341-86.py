# PAL: ResUNet of half the width learns from one point a target, with a schedule for CPU: ours, not the authors'.
# What turns any other config into PAL are the points and the hook; the loss is the authors', too.
_base_ = [
    '../_base_/models/resunet.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/schedules/cpu_adamw-onecycle.py',
    '../_base_/default_runtime.py',
]

# points=dict(file='points.csv') for points of your own
train_dataloader = dict(batch_size=8, dataset=dict(points=dict(kind='coarse', seed=0)))
default_hooks = dict(label_evolution=dict(type='mmirstd.PALHook'))
train_cfg = dict(max_epochs=40)

channels = [8, 16, 32, 64]
model = dict(
    backbone=dict(channels=channels),
    neck=dict(in_channels=channels),
    decode_head=dict(
        in_channels=channels[0],
        loss_decode=dict(_delete_=True, type='mmirstd.EdgeMiningLoss'),
    ),
)
