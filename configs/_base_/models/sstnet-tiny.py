# SSTNet of half the widths, for training on CPU.
_base_ = ['./sstnet.py']

widths = [64, 128, 256]
model = dict(
    backbone=dict(widen_factor=0.25),
    neck=dict(in_channels=widths),
    temporal_neck=dict(in_channels=widths[0], out_channels=64),
    bbox_head=dict(in_channels=64, feat_channels=64),
    motion_branch=dict(feat_channels=widths[0], channels=32))
