# TDCNet with its official schedule and image size.
_base_ = [
    '../_base_/models/tdcnet.py',
    '../_base_/datasets/irdst.py',
    '../_base_/schedules/tdcnet_adam-20e.py',
    '../_base_/default_runtime_moving.py',
]

# The official code reads aligned frames from files, which GIM, a network for matching, made.
versions = dict(type='mmirstd.AlignClip', motion='homography', keep_original=True)
letterbox = dict(type='mmirstd.ClipLetterbox', size=640)
train_pipeline = [_base_.load, _base_.boxes, versions, letterbox, _base_.flip, _base_.pack]
test_pipeline = [_base_.load, _base_.boxes, versions, letterbox, _base_.pack]

train_dataloader = dict(batch_size=4, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
