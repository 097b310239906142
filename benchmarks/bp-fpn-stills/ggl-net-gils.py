# With BP-FPN's shortcut: details of the finest level into the input of the next one. The neck gives out the finest
# level alone, so there is no output for the shortcut.
_base_ = ['./ggl-net.py']

model = dict(
    neck=dict(_delete_=True, type='mmirstd.BPFPN', pyramid={{_base_.model.neck}}, gils=dict(at='input', level=1)),
)
