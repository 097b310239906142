# ALCNet with DTUM: the network becomes one of clips by type and data_preprocessor alone.
_base_ = [
    '../_base_/models/alcnet.py',
    '../_base_/datasets/nudt-mirsdt-masks.py',
    '../_base_/schedules/dtum_adam-20e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    type='mmirstd.DTUM',
    data_preprocessor=dict(type='mmirstd.ClipSegDataPreProcessor'),
    # PyTorch's own initialization, as in the official code
    backbone=dict(init_cfg=dict(type='mmirstd.PyTorchInit', within='ACMEncoder')),
    neck=dict(init_cfg=dict(type='mmirstd.PyTorchInit', within='ACMNeck')),
    decode_head=dict(init_cfg=dict(_delete_=True, type='mmirstd.PyTorchInit', within='IRSTDHead')),
)
train_dataloader = dict(batch_size=1)
