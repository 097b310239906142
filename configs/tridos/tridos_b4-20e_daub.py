# Tridos with its official schedule.
_base_ = ['../sstnet/sstnet_b4-20e_daub.py']

# Tridos (UESTC-nnLab/Tridos) on clips of 5 frames: 20.6 M parameters.
focal = dict(type='FocalLoss', use_sigmoid=True, gamma=2.0, alpha=0.25, reduction='sum', loss_weight=1.0)

model = dict(
    temporal_neck=dict(_delete_=True, type='mmirstd.TridosNeck', in_channels=128, num_frames=5, out_channels=256),
    bbox_head=dict(
        loss_cls=focal,
        loss_obj=focal,
        loss_bbox=dict(type='mmirstd.DualViewBoxLoss', loss_weight=5.0),
    ),
    motion_branch=None,
)

# The official schedule of Tridos (UESTC-nnLab/Tridos, train_DAUB.py): SSTNet's, with Adam and no weight decay.
optim_wrapper = dict(
    _delete_=True,
    type='OptimWrapper',
    # 1e-2 for a batch of 64, scaled to 4
    optimizer=dict(type='Adam', lr=6.25e-4, betas=(0.937, 0.999)),
)
