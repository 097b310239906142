# SSTNet with BP-FPN's GILS and DGR = YOLO-BP.
# GILS alone: --cfg-options model.neck.dgr=None; DGR alone: model.neck.gils=None model.backbone.out_indices=2,3,4
_base_ = ['../sstnet/sstnet-nano_cpu-b8-9e_drone-ir.py']

model = dict(
    backbone=dict(out_indices=(1, 2, 3, 4)),  # stride 4, for the shortcut
    neck=dict(
        _delete_=True,
        type='mmirstd.BPFPN',
        pyramid={{_base_.model.neck}},
        gils=dict(),
        dgr=dict(form='feature'),  # with which the figures of this config were measured, not the default
    ),
)
