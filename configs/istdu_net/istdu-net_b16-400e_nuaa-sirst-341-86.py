# ISTDU-Net (IEEE GRSL 2022) with BasicIRSTD's schedule.
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/schedules/basicirstd_adam-400e.py',
    '../_base_/default_runtime.py',
]

# ISTDU-Net (Hou et al., IEEE GRSL 2022) in BasicIRSTD's form.
model = dict(
    data_preprocessor=dict(size_divisor=8),
    backbone=dict(type='mmirstd.ISTDUEncoder', in_channels=1),
    neck=dict(type='mmirstd.ISTDUNeck', in_channels=[64, 128, 256, 512]),
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=64,
        channels=16,
        hidden_kernel_size=3,
        norm_cfg=dict(type='BN'),
        init_cfg=dict(type='mmirstd.PyTorchInit', within='IRSTDHead'),
        loss_decode=dict(type='mmirstd.SoftIoULoss', per_sample=False),
    ),
)

train_dataloader = dict(batch_size=16)
