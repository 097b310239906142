# Ablation 3 of 4: + GSM, the gradient image enters every stage.  + TGFM (4 of 4) is
# ggl-net_b4-500e_nuaa-sirst-341-86.py.
_base_ = ['./ggl-net-gradient_b4-500e_nuaa-sirst-341-86.py']

model = dict(backbone=dict(gradient='gsm'))
