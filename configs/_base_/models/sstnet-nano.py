# SSTNet of half the widths, for training on CPU.
_base_ = ['./sstnet.py']

model = dict(
    backbone=dict(widen_factor=0.25),
    neck=dict(in_channels=[64, 128, 256]),
    temporal_neck=dict(in_channels=64, out_channels=64),
    bbox_head=dict(in_channels=64, feat_channels=64),
    motion_branch=dict(feat_channels=64, channels=32),
)
