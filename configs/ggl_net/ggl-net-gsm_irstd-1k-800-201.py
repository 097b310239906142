# Ablation 3 of 4: + GSM, the gradient image enters every stage.  + TGFM (4 of 4) is
# ggl-net_irstd-1k-800-201.py.
_base_ = ['./ggl-net-gradient_irstd-1k-800-201.py']

model = dict(backbone=dict(gradient='gsm'))
