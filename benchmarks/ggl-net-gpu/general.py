# The widths of the paper on NUAA-SIRST, NUDT-SIRST and generated scenes: what is trained for images from elsewhere,
# from random weights in one long cycle. The data as in ggl-net-tiny_pretrained-b8-10e_nuaa-nudt-synthetic.py.
_base_ = ['../../configs/ggl_net/ggl-net-tiny_pretrained-b8-10e_nuaa-nudt-synthetic.py']

load_from = None

base_channels = 16
model = dict(
    backbone=dict(base_channels=base_channels),
    neck=dict(_delete_=True, type='mmirstd.TGFM', in_channels=[base_channels * 2**i for i in range(5)]),
    decode_head=dict(in_channels=base_channels, channels=base_channels),
)

optim_wrapper = dict(optimizer=dict(lr=2e-3))
param_scheduler = [dict(type='OneCycleLR', eta_max=2e-3, pct_start=0.15, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(max_epochs=48, val_interval=4)
# From the first epoch on, since the time may end the training in any; the average spans about 500 steps.
custom_hooks = [
    dict(type='mmirstd.ChannelsLastHook'),
    dict(type='EMAHook', momentum=2e-3, update_buffers=True),
]
