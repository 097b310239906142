# ResUNet_DTUM with its authors' schedule.
_base_ = [
    '../_base_/models/resunet.py',
    '../_base_/datasets/nudt-mirsdt-masks.py',
    '../_base_/schedules/dtum_adam-20e.py',
    '../_base_/default_runtime.py',
]

# ResUNet_DTUM: a ResUNet half as wide, and DTUM on its maps of 5 frames.
channels = [8, 16, 32, 64]

model = dict(
    type='mmirstd.DTUM',
    # Its authors standardize with NUDT-MIRSDT's mean and deviation (of 255: 105.4025 and 26.6452).
    data_preprocessor=dict(type='mmirstd.ClipSegDataPreProcessor', mean=[0.413343], std=[0.104491]),
    # PyTorch's own initialization, as in the official code
    backbone=dict(channels=channels, init_cfg=dict(type='mmirstd.PyTorchInit', within='CBAMResidualEncoder')),
    neck=dict(in_channels=channels, init_cfg=dict(type='mmirstd.PyTorchInit', within='ResUNetNeck')),
    decode_head=dict(in_channels=8),
)

train_dataloader = dict(batch_size=1)
