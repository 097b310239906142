# Ablation 2 of 4 at half the widths: + gradient magnitude image, as a second input channel (our reading).
_base_ = ['./ggl-net-tiny-plain_nudt-sirst-663-664.py']

model = dict(backbone=dict(gradient='concat'))
