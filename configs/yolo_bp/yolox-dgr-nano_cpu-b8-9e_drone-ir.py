# The single-frame baseline with BP-FPN's DGR, on Drone-IR.
_base_ = ['../yolox/yolox-tiny_drone-ir.py']

model = dict(
    neck=dict(
        _delete_=True, type='mmirstd.BPFPN', pyramid={{_base_.model.neck}}, dgr=dict()))
