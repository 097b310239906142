# SSTNet with BP-FPN's GILS and DGR = YOLO-BP, on Drone-IR.
_base_ = ['../sstnet/sstnet-tiny_drone-ir.py']

model = dict(
    backbone=dict(out_indices=(1, 2, 3, 4)),  # stride 4, for the shortcut
    neck=dict(
        _delete_=True, type='mmirstd.BPFPN', pyramid={{_base_.model.neck}}, gils=dict(), dgr=dict()))
