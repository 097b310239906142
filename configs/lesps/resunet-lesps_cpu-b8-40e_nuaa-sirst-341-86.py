# LESPS: ResUNet of half the width learns from one point a target, with a schedule for CPU: ours, not the authors'.
# What turns any other config into LESPS are the points, the hook and, better than soft IoU, the loss.
_base_ = [
    '../_base_/models/resunet.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/schedules/cpu_adamw-onecycle.py',
    '../_base_/default_runtime.py',
]

# points=dict(file='points.csv') for points of your own
train_dataloader = dict(batch_size=8, dataset=dict(points=dict(kind='coarse', seed=0)))
# The authors' interval of 5 is for 400 epochs; theirs begins when the loss falls below 10, which this one does at once.
default_hooks = dict(label_evolution=dict(type='mmirstd.LESPSHook', start_epoch=6, interval=3))
train_cfg = dict(max_epochs=40)

channels = [8, 16, 32, 64]
model = dict(
    backbone=dict(channels=channels),
    neck=dict(in_channels=channels),
    decode_head=dict(
        in_channels=channels[0],
        loss_decode=dict(_delete_=True, type='mmirstd.CornerFocalLoss', soft_positives=True),
        # A focal loss that is divided by the few target pixels begins in the hundreds where all is half a target.
        init_cfg=dict(_delete_=True, type='Normal', std=0.01, bias_prob=0.01, override=dict(name='conv_seg')),
    ),
)
