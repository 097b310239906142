_base_ = [
    '../_base_/models/max-median.py',
    '../_base_/datasets/nudt-sirst-663-664.py',
    '../_base_/default_runtime.py',
]
