# L2SKNet (fengyiwu98/L2SKNet, TGRS 2024) with its official schedule, which is BasicIRSTD's with batch 8.
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/nudt-sirst-663-664.py',
    '../_base_/schedules/basicirstd_adam-400e.py',
    '../_base_/default_runtime.py',
]

# L2SKNet-FPN (Wu et al., TGRS 2024): learned kernels of center minus surroundings on every level, levels added.
model = dict(
    data_preprocessor=dict(size_divisor=8),
    backbone=dict(type='mmirstd.StemlessResNet', in_channels=1),
    neck=dict(type='mmirstd.L2SKNeck', decoder='fpn'),
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=16,
        channels=4,
        hidden_kernel_size=3,
        norm_cfg=dict(type='BN'),
        dropout_ratio=0.1,
        init_cfg=dict(type='mmirstd.PyTorchInit', within='IRSTDHead'),
        loss_decode=dict(type='mmirstd.SoftIoULoss', per_sample=False),
    ),
)

train_dataloader = dict(batch_size=8)
