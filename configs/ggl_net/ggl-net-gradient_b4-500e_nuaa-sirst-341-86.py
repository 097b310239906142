# Ablation 2 of 4: + gradient magnitude image, as a second input channel (our reading).
_base_ = ['./ggl-net-plain_b4-500e_nuaa-sirst-341-86.py']

model = dict(backbone=dict(gradient='concat'))
