# GGL-Net with the paper's widths where images are large, and at most 128 channels: 16, 32, 64, 128, 128.
# 4.1 million parameters in place of 9.0 million.
_base_ = ['./ggl-net.py']

channels = [16, 32, 64, 128, 128]
model = dict(backbone=dict(max_channels=128), neck=dict(in_channels=channels))
