# Ablation 3 of 4: + GSM, the gradient image enters every stage.  + TGFM (4 of 4) is
# ggl-net_nudt-sirst-663-664.py.
_base_ = ['./ggl-net-gradient_nudt-sirst-663-664.py']

model = dict(backbone=dict(gradient='gsm'))
