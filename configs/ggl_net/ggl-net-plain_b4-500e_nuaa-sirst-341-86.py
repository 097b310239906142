# Ablation 1 of 4: the U-shaped baseline without gradient information (the decoder is our reading).
_base_ = ['./ggl-net_b4-500e_nuaa-sirst-341-86.py']

model = dict(
    backbone=dict(gradient=None),
    neck=dict(_delete_=True, type='mmirstd.UShapeNeck', in_channels=[16, 32, 64, 128, 256]),
)
