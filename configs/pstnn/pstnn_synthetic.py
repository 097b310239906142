_base_ = [
    '../_base_/models/pstnn.py',
    '../_base_/datasets/synthetic.py',
    '../_base_/default_runtime.py',
]
