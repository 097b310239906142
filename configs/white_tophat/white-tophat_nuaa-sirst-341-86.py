# Nothing to train, `tools/test.py` evaluates it without a checkpoint.
_base_ = [
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/default_runtime.py',
]

# kernel_size and threshold were chosen on NUAA-SIRST's training images, see configs/white_tophat/README.md.
model = dict(type='mmirstd.WhiteTopHat', kernel_size=9, threshold=12.0, polarity='bright')
