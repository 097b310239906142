# SSTNet with BP-FPN's DGR, on IRDST.
_base_ = ['../sstnet/sstnet_irdst.py']

model = dict(
    neck=dict(
        _delete_=True, type='mmirstd.BPFPN', pyramid={{_base_.model.neck}}, dgr=dict()))
