# What the data sets of moving targets with masks share: pipelines, data loaders, metric.  A data set's file adds the
# root and the annotations; a network's config adds train_dataloader = dict(dataset=dict(num_frames=T)).
#
# A test streams: one frame a sample, sequence by sequence; the network keeps what it needs of past frames.  One that
# gives maps of all frames may be tested on windows that cover the sequences instead (window_step, configs/deeppro).
crop_size = 128

load = dict(type='mmirstd.LoadClip')
crop = dict(type='mmirstd.TargetAwareCrop', size=crop_size, p_target=0.75)
flips = [
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),  # one draw for the clip
    dict(type='RandomFlip', prob=0.5, direction='vertical'),
]
pack = dict(type='mmirstd.PackClipSegInputs')  # (T, 1, H, W)
train_pipeline = [load, dict(type='mmirstd.LoadClipMasks', frames='all'), crop, *flips, pack]
test_pipeline = [
    load,
    dict(type='mmirstd.LoadClipMasks', frames='all'),
    dict(type='mmirstd.PadToMultiple', divisor=32),
    pack,
]

train_dataloader = dict(
    batch_size=4,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='mmirstd.MaskClipDataset', num_frames=5, pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='mmirstd.SequenceSampler'),
    dataset=dict(type='mmirstd.MaskClipDataset', num_frames=1, streaming=True, pipeline=test_pipeline, test_mode=True),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='mmirstd.SequenceSampler'),
    dataset=dict(type='mmirstd.MaskClipDataset', num_frames=1, streaming=True, pipeline=test_pipeline, test_mode=True),
)
val_evaluator = dict(type='mmirstd.ClipMaskMetric')
test_evaluator = dict(type='mmirstd.ClipMaskMetric')
