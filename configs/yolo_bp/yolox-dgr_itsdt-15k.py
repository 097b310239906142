# The single-frame baseline with BP-FPN's DGR, on ITSDT-15K.
_base_ = ['../yolox/yolox_itsdt-15k.py']

model = dict(
    neck=dict(
        _delete_=True, type='mmirstd.BPFPN', pyramid={{_base_.model.neck}}, dgr=dict()))
