# Ablation 2 of 4 at half the widths: + gradient magnitude image, as a second input channel (our reading).
_base_ = ['./ggl-net-tiny-plain_cpu-b8-45e_nuaa-sirst-341-86.py']

model = dict(backbone=dict(gradient='concat'))
