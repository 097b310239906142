# ALCL-Net with the schedule of the authors' code base (YuChuang1205/MSDA-Net).
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/schedules/ggl-net_adam-500e.py',
    '../_base_/default_runtime.py',
]

# ALCL-Net (Yu et al., IEEE GRSL 2022): five residual stages, local contrast learning, bilinear attention.
channels = [16, 32, 64, 128, 256]
model = dict(
    data_preprocessor=dict(size_divisor=16),
    backbone=dict(type='mmirstd.ResidualEncoder', in_channels=1, channels=channels),
    neck=dict(type='mmirstd.ALCLNeck', in_channels=channels),
    decode_head=dict(
        type='mmirstd.IRSTDHead', in_channels=16, channels=16, loss_decode=dict(type='mmirstd.SoftIoULoss')
    ),
)

train_dataloader = dict(batch_size=4)
