_base_ = [
    '../_base_/models/max-median.py',
    '../_base_/datasets/irstd-1k-800-201.py',
    '../_base_/default_runtime.py',
]
