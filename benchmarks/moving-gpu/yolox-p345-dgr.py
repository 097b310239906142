# Three levels out, with BP-FPN's regularization.
_base_ = ['./yolox-p345.py']

model = dict(neck=dict(_delete_=True, type='mmirstd.BPFPN', pyramid={{_base_.model.neck}}, dgr=dict()))
