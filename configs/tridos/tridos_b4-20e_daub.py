# Tridos with its official schedule.
_base_ = [
    '../_base_/models/tridos.py',
    '../_base_/datasets/daub.py',
    '../_base_/schedules/tridos_adam-20e.py',
    '../_base_/default_runtime_moving.py',
]

train_dataloader = dict(batch_size=4)
