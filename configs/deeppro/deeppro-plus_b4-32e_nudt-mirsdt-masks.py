# DeepPro-Plus with its authors' schedule.
_base_ = ['./deeppro_b4-32e_nudt-mirsdt-masks.py']

# DeepPro-Plus: DeepPro with differences in space, at one scale, 71 thousand parameters.
model = dict(
    data_preprocessor=dict(size_divisor=1),
    backbone=dict(divisor=1),
    temporal_neck=dict(spatial=True),
)
