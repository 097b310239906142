# MLCL-Net with two residual blocks a stage instead of three (the official "small" form).
_base_ = ['./mlcl-net.py']

model = dict(backbone=dict(num_blocks=2))
