# Ablation 3 of 4 at half the widths: + GSM, the gradient image enters every stage.  + TGFM (4 of 4) is
# ggl-net-tiny_nuaa-sirst-341-86_scratch.py.
_base_ = ['./ggl-net-tiny-gradient_nuaa-sirst-341-86.py']

model = dict(backbone=dict(gradient='gsm'))
