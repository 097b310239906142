# The single-frame baseline with BP-FPN's DGR, on generated sequences.
_base_ = ['../yolox/yolox_synthetic-sequences.py']

model = dict(
    neck=dict(
        _delete_=True, type='mmirstd.BPFPN', pyramid={{_base_.model.neck}}, dgr=dict()))
