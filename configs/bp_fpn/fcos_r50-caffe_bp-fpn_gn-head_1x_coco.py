# Worked example: mmdet's stock FCOS, ResNet-50 and FPN, made its BP variant.
# This FPN has start_level=1: it gets C2 (stride 4) and leaves it unused, so GILS takes that and no further level of the
# backbone is needed.
_base_ = 'mmdet::fcos/fcos_r50-caffe_fpn_gn-head_1x_coco.py'

custom_imports = dict(imports=['mmirstd.registry'], allow_failed_imports=False)
model = dict(neck=dict(_delete_=True, type='mmirstd.BPFPN', pyramid={{_base_.model.neck}}, gils=dict(), dgr=dict()))
default_hooks = dict(auxiliary_loss=dict(type='mmirstd.AuxiliaryLossHook'))
