# Detection of moving targets: as for single frames, but with mmdet's names and measures.
_base_ = ['./default_runtime.py']

default_scope = 'mmdet'
default_hooks = dict(
    # Highest mAP50 on the validation split, which is held out of train by sequences.
    checkpoint=dict(save_best='mAP50', rule='greater'),
    # Losses of necks (BP-FPN's loss_dgr); does nothing where there are none.
    auxiliary_loss=dict(type='mmirstd.AuxiliaryLossHook'),
    visualization=dict(_delete_=True, type='DetVisualizationHook', draw=False),
)
visualizer = dict(type='mmdet.DetLocalVisualizer')
