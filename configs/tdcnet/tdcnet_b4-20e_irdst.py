# TDCNet with its official schedule and image size.
_base_ = [
    '../_base_/models/sstnet.py',
    '../_base_/datasets/irdst.py',
    '../_base_/schedules/sstnet_sgd-20e.py',
    '../_base_/default_runtime_moving.py',
]

# TDCNet (IVPLaboratory/TDCNet) on clips of 5 frames, aligned with the key frame and as they were: 25.5 M parameters.
levels = dict(type='mmirstd.ShuffleNet3D', in_channels=1, channels=[24, 128, 256, 512], time_kernel=5)

model = dict(
    type='mmirstd.KeyFrameDetector',
    init_cfg=dict(type='mmirstd.NarrowNormalInit'),  # as in the official code
    neck=None,
    clip_backbones=[dict(difference=True, **levels), levels],
    temporal_neck=dict(_delete_=True, type='mmirstd.TDCNeck', channels=[128, 256, 512], out_channels=256),
    motion_branch=None,
    # Past frames are aligned anew with each key frame: there is nothing to keep.
    test_cfg=dict(streaming=False),
)

# The official code reads aligned frames from files, which GIM, a network for matching, made.
versions = dict(type='mmirstd.AlignClip', motion='homography', keep_original=True)
letterbox = dict(type='mmirstd.ClipLetterbox', size=640)
train_pipeline = [_base_.load, _base_.boxes, versions, letterbox, _base_.flip, _base_.pack]
test_pipeline = [_base_.load, _base_.boxes, versions, letterbox, _base_.pack]

train_dataloader = dict(batch_size=4, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))

# The official schedule of TDCNet (IVPLaboratory/TDCNet, train.py): SSTNet's, with Adam and another learning rate.
optim_wrapper = dict(
    _delete_=True,
    type='OptimWrapper',
    # The least that the official code allows for batch 4
    optimizer=dict(type='Adam', lr=3e-4, betas=(0.937, 0.999), weight_decay=1e-4),
    paramwise_cfg=dict(norm_decay_mult=0, bias_decay_mult=0),
)
