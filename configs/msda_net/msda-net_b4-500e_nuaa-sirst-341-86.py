# MSDA-Net (arXiv 2406.02037) with its official schedule.
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/schedules/ggl-net_adam-500e.py',
    '../_base_/default_runtime.py',
]

# MSDA-Net (arXiv 2406.02037): Haar subbands of the image and of the features guide five stages.
channels = [16, 32, 64, 64, 64]
model = dict(
    data_preprocessor=dict(size_divisor=16),
    backbone=dict(type='mmirstd.MSDAEncoder', in_channels=1, channels=channels),
    neck=dict(type='mmirstd.MSDANeck', in_channels=channels),
    decode_head=dict(
        type='mmirstd.IRSTDHead', in_channels=16, channels=16, loss_decode=dict(type='mmirstd.SoftIoULoss')
    ),
)

train_dataloader = dict(batch_size=4)
