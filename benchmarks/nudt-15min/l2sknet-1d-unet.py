# l2sknet-1d-unet in benchmarks/nudt-15min.yml: its own loss, everybody's schedule, batch and windows.
_base_ = [
    '../../configs/_base_/models/l2sknet-1d-unet.py',
    '../../configs/_base_/datasets/nudt-sirst-663-664.py',
    '../../configs/_base_/schedules/cpu_adamw-onecycle.py',
    '../../configs/_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=8)
