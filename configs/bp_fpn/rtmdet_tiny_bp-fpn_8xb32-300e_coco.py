# Worked example: mmdet's stock RTMDet-tiny made its BP variant, with one more backbone level in front (stride 4,
# 48 channels: half of the next one's, which GILS assumes).
_base_ = 'mmdet::rtmdet/rtmdet_tiny_8xb32-300e_coco.py'

custom_imports = dict(imports=['mmirstd.registry'], allow_failed_imports=False)
model = dict(
    backbone=dict(out_indices=(1, 2, 3, 4)),
    neck=dict(_delete_=True, type='mmirstd.BPFPN', pyramid={{_base_.model.neck}}, gils=dict(), dgr=dict()),
)
default_hooks = dict(auxiliary_loss=dict(type='mmirstd.AuxiliaryLossHook'))
