# With BP-FPN's shortcut and DGR.
_base_ = ['./ggl-net-gils.py']

model = dict(neck=dict(dgr=dict()))
