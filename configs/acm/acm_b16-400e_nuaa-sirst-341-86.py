# ACM in BasicIRSTD's form, with BasicIRSTD's schedule.
_base_ = [
    '../_base_/models/acm.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/schedules/basicirstd_adam-400e.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=16)
