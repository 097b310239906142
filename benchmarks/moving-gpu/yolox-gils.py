# With BP-FPN's shortcut.
_base_ = ['./yolox.py']

model = dict(
    backbone=dict(out_indices=(1, 2, 3, 4)),  # stride 4, for the shortcut
    neck=dict(_delete_=True, type='mmirstd.BPFPN', pyramid={{_base_.model.neck}}, gils=dict()),
)
