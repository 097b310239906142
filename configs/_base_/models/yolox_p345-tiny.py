# The three-level baseline of half the widths, for training on CPU.
_base_ = ['./yolox_single-frame-tiny.py']

model = dict(neck=dict(out_levels=[0, 1, 2]), bbox_head=dict(strides=[8, 16, 32]))
