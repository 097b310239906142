# GGL-Net with half the paper's widths: 8, 16, 32, 64, 128 channels.
_base_ = ['./ggl-net.py']

base_channels = 8
model = dict(
    backbone=dict(base_channels=base_channels),
    # Of 8 channels the paper's reduction by 8 would leave a single hidden one; CBAM's MLP keeps two with 4.
    neck=dict(in_channels=[base_channels * 2**i for i in range(5)], ratio=4),
    decode_head=dict(in_channels=base_channels, channels=base_channels),
)
