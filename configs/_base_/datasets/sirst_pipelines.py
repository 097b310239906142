# What the single-frame data sets share: pipelines and data loaders.  A protocol's file adds the root, the split files
# and the hold-out.  `mask_size_mismatch`, `cache` and `cache_limit_mb` are options of each data set (SIRSTDataset).
crop_size = 256

meta_keys = (
    'img_path',
    'seg_map_path',
    'sample_id',
    'ori_shape',
    'img_shape',
    'pad_shape',
    'scale_factor',
    'padding_size',
)

train_pipeline = [
    dict(type='mmirstd.LoadInfraredImage'),
    dict(type='mmirstd.LoadTargetMask'),
    dict(type='mmirstd.TargetAwareCrop', size=crop_size, p_target=0.7),
    dict(type='mmirstd.RandomBrightnessContrast', prob=0.5, brightness=0.1, contrast=0.2),
    dict(type='mmirstd.RandomSensorNoise', prob=0.2, sigma=(0.0, 0.01)),
    dict(type='mmirstd.RandomTurn'),  # last: what it gives is a view, which is slower to compute with
    dict(type='PackSegInputs', meta_keys=meta_keys),
]
# The mask stays at the native size; the prediction is cut back to it.
test_pipeline = [
    dict(type='mmirstd.LoadInfraredImage'),
    dict(type='mmirstd.LoadTargetMask'),
    dict(type='mmirstd.PadToMultiple', divisor=32),
    dict(type='PackSegInputs', meta_keys=meta_keys),
]

train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='mmirstd.SIRSTDataset', pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=1,  # native sizes differ
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='mmirstd.SIRSTDataset', pipeline=test_pipeline, test_mode=True),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='mmirstd.SIRSTDataset', pipeline=test_pipeline, test_mode=True),
)

val_evaluator = dict(type='mmirstd.IRSTDMetric')
test_evaluator = dict(type='mmirstd.IRSTDMetric')
