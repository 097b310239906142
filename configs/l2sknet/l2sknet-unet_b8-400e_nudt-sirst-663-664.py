# L2SKNet (fengyiwu98/L2SKNet, TGRS 2024) with its official schedule, which is BasicIRSTD's with batch 8.
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/nudt-sirst-663-664.py',
    '../_base_/schedules/basicirstd_adam-400e.py',
    '../_base_/default_runtime.py',
]

# L2SKNet-UNet (Wu et al., TGRS 2024): the saliency kernels between a U-Net's encoder and decoder.
model = dict(
    data_preprocessor=dict(size_divisor=8),
    backbone=dict(type='mmirstd.DoubleConvEncoder', in_channels=1),
    neck=dict(type='mmirstd.L2SKNeck', decoder='unet'),
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=16,
        init_cfg=dict(type='mmirstd.PyTorchInit', within='IRSTDHead'),
        loss_decode=dict(type='mmirstd.SoftIoULoss', per_sample=False),
    ),
)

train_dataloader = dict(batch_size=8)
