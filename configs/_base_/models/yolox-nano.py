# The single-frame baseline of half the widths, for training on CPU.
_base_ = ['./yolox.py']

model = dict(
    backbone=dict(widen_factor=0.25),
    neck=dict(in_channels=[64, 128, 256], out_channels=64),
    bbox_head=dict(in_channels=64, feat_channels=64),
)
