# With BP-FPN's DGR.
_base_ = ['./ggl-net.py']

model = dict(neck=dict(_delete_=True, type='mmirstd.BPFPN', pyramid={{_base_.model.neck}}, dgr=dict(form='feature')))
