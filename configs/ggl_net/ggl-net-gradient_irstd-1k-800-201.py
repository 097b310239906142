# Ablation 2 of 4: + gradient magnitude image, as a second input channel (our reading).
_base_ = ['./ggl-net-plain_irstd-1k-800-201.py']

model = dict(backbone=dict(gradient='concat'))
