# What the data sets of moving targets share: pipelines, data loaders, metric.  A data set's file adds the root and the
# annotations.  Options of each data set (mmirstd.ClipDataset): num_frames, stride, key_every, gaps, bad_box, holdout,
# cache, cache_limit_mb.
#
# Clips of five frames, key frame last.  A single-frame detector takes the same data with
#   train_dataloader = dict(dataset=dict(num_frames=1, pipeline=_base_.single_frame_train_pipeline))
# and likewise val_dataloader and test_dataloader with single_frame_test_pipeline.
meta_keys = (
    'img_id',
    'img_path',
    'ori_shape',
    'img_shape',
    'pad_shape',
    'scale_factor',
    'pad_param',
    'flip',
    'flip_direction',
    'video_id',
    'video',
    'frame_id',
    'frame_ids',
    'num_frames',
    'is_first',
    'is_last',
    'is_key_frame',
    'instances',
    'category_ids',
)

load = dict(type='mmirstd.LoadClip')
boxes = dict(type='LoadAnnotations', with_bbox=True)
flip = dict(type='RandomFlip', prob=0.5)  # one draw for the clip
pack = dict(type='mmirstd.PackClipInputs', meta_keys=meta_keys)  # (T, C, H, W)
single_frame_pack = dict(type='PackDetInputs', meta_keys=meta_keys)  # (C, H, W)

train_pipeline = [load, boxes, flip, pack]
test_pipeline = [load, boxes, pack]
single_frame_train_pipeline = [load, boxes, flip, single_frame_pack]
single_frame_test_pipeline = [load, boxes, single_frame_pack]

train_dataloader = dict(
    batch_size=4,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='mmirstd.ClipDataset', num_frames=5, pipeline=train_pipeline),
)
# In order: the windows of a batch share most of their frames, and each is decoded once.
val_dataloader = dict(
    batch_size=4,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='mmirstd.ClipDataset', num_frames=5, pipeline=test_pipeline, test_mode=True),
)
test_dataloader = dict(
    batch_size=4,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='mmirstd.ClipDataset', num_frames=5, pipeline=test_pipeline, test_mode=True),
)

# 'default' counts all frames, 'sstnet' only those with an annotation, as the official scripts do.
val_evaluator = dict(type='mmirstd.MovingTargetMetric', protocol=['default', 'sstnet'])
test_evaluator = dict(type='mmirstd.MovingTargetMetric', protocol=['default', 'sstnet'])
