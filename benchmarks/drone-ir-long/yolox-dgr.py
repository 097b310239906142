# With BP-FPN's DGR as a route.
_base_ = ['./yolox.py']

model = dict(
    neck=dict(_delete_=True, type='mmirstd.BPFPN', pyramid={{_base_.model.neck}}, dgr=dict(form='route', alpha=0.0)),
)
