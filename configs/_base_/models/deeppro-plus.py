# DeepPro-Plus: DeepPro with differences in space, at one scale, 71 thousand parameters.
_base_ = ['./deeppro.py']

model = dict(
    data_preprocessor=dict(size_divisor=1),
    backbone=dict(divisor=1),
    temporal_neck=dict(spatial=True),
)
