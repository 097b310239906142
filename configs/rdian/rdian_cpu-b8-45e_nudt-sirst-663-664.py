# RDIAN with the schedule for CPU: not the authors' (that is rdian_b16-400e_nuaa-sirst-341-86.py).
_base_ = [
    '../_base_/models/rdian.py',
    '../_base_/datasets/nudt-sirst-663-664.py',
    '../_base_/schedules/cpu_adamw-onecycle.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=8)
