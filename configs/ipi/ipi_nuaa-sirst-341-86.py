_base_ = [
    '../_base_/models/ipi.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/default_runtime.py',
]
