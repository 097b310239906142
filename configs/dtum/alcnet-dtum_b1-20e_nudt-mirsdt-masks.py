# ALCNet with DTUM: the network becomes one of clips by the second entry alone.
_base_ = [
    '../_base_/models/alcnet.py',
    '../_base_/datasets/nudt-mirsdt-masks.py',
    '../_base_/schedules/dtum_adam-20e.py',
    '../_base_/default_runtime.py',
]

model = dict(type='mmirstd.DTUM', data_preprocessor=dict(type='mmirstd.ClipSegDataPreProcessor'))
train_dataloader = dict(batch_size=1)
