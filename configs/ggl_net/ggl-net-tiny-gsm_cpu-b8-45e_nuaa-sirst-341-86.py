# Ablation 3 of 4 at half the widths: + GSM, the gradient image enters every stage.  + TGFM (4 of 4) is
# ggl-net-tiny_cpu-b8-45e_nuaa-sirst-341-86.py.
_base_ = ['./ggl-net-tiny-gradient_cpu-b8-45e_nuaa-sirst-341-86.py']

model = dict(backbone=dict(gradient='gsm'))
