# What "make demo" trains: GGL-Net tiny on generated scenes, minutes on two CPU cores.
_base_ = [
    '../_base_/models/ggl-net-tiny.py',
    '../_base_/datasets/synthetic.py',
    '../_base_/schedules/cpu_adamw-onecycle.py',
    '../_base_/default_runtime.py',
]
