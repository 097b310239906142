# MLCL-Net, small form, with the schedule of the authors' code base (YuChuang1205/MSDA-Net).
_base_ = ['./mlcl-net_b4-500e_nuaa-sirst-341-86.py']

# MLCL-Net with two residual blocks a stage instead of three (the official "small" form).
model = dict(backbone=dict(num_blocks=2))
