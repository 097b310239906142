# The single-frame baseline with BP-FPN's DGR.
_base_ = ['../yolox/yolox-nano_cpu-b8-9e_drone-ir.py']

model = dict(
    # DGR's form with which the figures of this config were measured, not the default.
    neck=dict(_delete_=True, type='mmirstd.BPFPN', pyramid={{_base_.model.neck}}, dgr=dict(form='feature')),
)
