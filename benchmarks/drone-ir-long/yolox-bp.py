# With BP-FPN's shortcut, and its DGR as a route.
_base_ = ['./yolox.py']

model = dict(
    backbone=dict(out_indices=(1, 2, 3, 4)),  # stride 4, for the shortcut
    neck=dict(
        _delete_=True,
        type='mmirstd.BPFPN',
        pyramid={{_base_.model.neck}},
        gils=dict(),
        dgr=dict(form='route', alpha=0.25),
    ),
)
