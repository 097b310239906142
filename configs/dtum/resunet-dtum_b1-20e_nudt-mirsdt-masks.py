# ResUNet_DTUM with its authors' schedule.
_base_ = [
    '../_base_/models/resunet-dtum.py',
    '../_base_/datasets/nudt-mirsdt-masks.py',
    '../_base_/schedules/dtum_adam-20e.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=1)
