# GGL-Net tiny on NUAA-SIRST, NUDT-SIRST and generated scenes: what is trained for images from elsewhere.
_base_ = [
    '../_base_/models/ggl-net-tiny.py',
    '../_base_/datasets/nuaa-nudt-synthetic.py',
    '../_base_/schedules/cpu_adamw-onecycle.py',
    '../_base_/default_runtime.py',
]

train_cfg = dict(max_epochs=24, val_interval=2)
# The average of the weights over about the last 500 steps is evaluated and saved.
custom_hooks = [
    dict(type='mmirstd.ChannelsLastHook'),
    dict(type='EMAHook', momentum=2e-3, update_buffers=True, begin_epoch=8),
]
