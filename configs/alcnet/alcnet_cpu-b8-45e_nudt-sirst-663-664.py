# ALCNet in BasicIRSTD's form with the schedule for CPU: not the authors' (alcnet_b16-400e_nuaa-sirst-341-86.py).
_base_ = [
    '../_base_/models/alcnet.py',
    '../_base_/datasets/nudt-sirst-663-664.py',
    '../_base_/schedules/cpu_adamw-onecycle.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=8)
