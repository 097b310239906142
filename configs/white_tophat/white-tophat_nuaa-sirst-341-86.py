# Nothing to train, `tools/test.py` evaluates it without a checkpoint.
_base_ = [
    '../_base_/models/white-tophat.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/default_runtime.py',
]
