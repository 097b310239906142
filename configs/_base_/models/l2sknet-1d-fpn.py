# The paper's L2SKNet-FPN*: rows and columns of taps in place of square kernels.
_base_ = ['./l2sknet-fpn.py']

model = dict(neck=dict(separable=True))
