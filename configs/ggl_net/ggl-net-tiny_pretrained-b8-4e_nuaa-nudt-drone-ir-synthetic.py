# A further cycle of the general checkpoint, with Drone-IR's training frames as a third real source (abroad.md).
_base_ = [
    '../_base_/models/ggl-net-tiny.py',
    '../_base_/datasets/nuaa-nudt-drone-ir-synthetic.py',
    '../_base_/schedules/cpu_adamw-onecycle.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=8)
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

train_cfg = dict(max_epochs=4, val_interval=1)
# The average of the weights spans about the last 100 steps.
custom_hooks = [
    dict(type='mmirstd.ChannelsLastHook'),
    dict(type='EMAHook', momentum=1e-2, update_buffers=True),
]
