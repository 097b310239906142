# SSTNet with BP-FPN's DGR, on NUDT-MIRSDT.
_base_ = ['../sstnet/sstnet_nudt-mirsdt.py']

model = dict(
    neck=dict(
        _delete_=True, type='mmirstd.BPFPN', pyramid={{_base_.model.neck}}, dgr=dict()))
