# Worked example: mmseg's stock semantic FPN, ResNet-50 and FPNHead, made its BP variant.
# ResNet has no level finer than C2 (stride 4), where this FPN starts, so the isolated shortcut leads from C2 to the
# next level, C3: gils=dict(level=1).  C2's own lateral stays as it is.
# With onedl-mmsegmentation, mmengine finds mmseg:: only after mmirstd was imported: use this project's
# tools, or python -m mmirstd.compat.run TOOL.
_base_ = 'mmseg::sem_fpn/fpn_r50_4xb4-160k_ade20k-512x512.py'

custom_imports = dict(imports=['mmirstd.registry'], allow_failed_imports=False)
model = dict(
    neck=dict(_delete_=True, type='mmirstd.BPFPN', pyramid={{_base_.model.neck}}, gils=dict(level=1), dgr=dict())
)
default_hooks = dict(auxiliary_loss=dict(type='mmirstd.AuxiliaryLossHook'))
