# The three-level single-frame baseline with BP-FPN's DGR in its form without a loss, the gate.
_base_ = ['../yolox/yolox-p345-nano_cpu-b8-9e_drone-ir.py']

model = dict(neck=dict(_delete_=True, type='mmirstd.BPFPN', pyramid={{_base_.model.neck}}, dgr=dict(form='gate')))
