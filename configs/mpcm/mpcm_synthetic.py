_base_ = [
    '../_base_/models/mpcm.py',
    '../_base_/datasets/synthetic.py',
    '../_base_/default_runtime.py',
]
