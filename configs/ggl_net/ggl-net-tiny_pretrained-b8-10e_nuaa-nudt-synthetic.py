# GGL-Net tiny on NUAA-SIRST, NUDT-SIRST and generated scenes: what is trained for images from elsewhere.
_base_ = [
    '../_base_/models/ggl-net-tiny.py',
    '../_base_/datasets/nuaa-nudt-synthetic.py',
    '../_base_/schedules/cpu_adamw-onecycle.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=8)

# One cycle after another, each from the last one's weights (weights/README.md): an hour or two of one core each.
load_from = '{{ fileDirname }}/weights/ggl-net-tiny_nuaa-nudt-synthetic.pth'

# Half per sample, as the paper, half over the batch, in which a false alarm in a window without target counts.
model = dict(
    decode_head=dict(
        loss_decode=[
            dict(type='mmirstd.SoftIoULoss', loss_weight=0.5, loss_name='loss_soft_iou'),
            dict(type='mmirstd.SoftIoULoss', loss_weight=0.5, loss_name='loss_batch_soft_iou', per_sample=False),
        ]
    )
)

optim_wrapper = dict(optimizer=dict(lr=1.5e-3))
param_scheduler = [dict(type='OneCycleLR', eta_max=1.5e-3, pct_start=0.15, by_epoch=True, convert_to_iter_based=True)]

train_cfg = dict(max_epochs=10, val_interval=1)
# The average of the weights over about the last 500 steps is evaluated and saved.
custom_hooks = [
    dict(type='mmirstd.ChannelsLastHook'),
    dict(type='EMAHook', momentum=2e-3, update_buffers=True, begin_epoch=4),
]
