# Three levels out.
_base_ = ['./yolox.py']

model = dict(neck=dict(out_levels=[0, 1, 2]), bbox_head=dict(strides=[8, 16, 32]))
