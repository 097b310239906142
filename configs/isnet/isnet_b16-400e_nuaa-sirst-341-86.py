# ISNet (CVPR 2022) with BasicIRSTD's schedule.
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/schedules/basicirstd_adam-400e.py',
    '../_base_/default_runtime.py',
]

# ISNet (Zhang et al., CVPR 2022) in BasicIRSTD's form.
model = dict(
    data_preprocessor=dict(size_divisor=16),
    backbone=dict(type='mmirstd.ISNetEncoder', in_channels=1),
    neck=dict(type='mmirstd.ISNetNeck'),
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
    # Has no parameters: supervises the edge logits of the neck.
    auxiliary_head=dict(type='mmirstd.EdgeHead', in_index=1, loss_decode=dict(type='mmirstd.ISNetEdgeLoss')),
)

train_dataloader = dict(batch_size=16)
