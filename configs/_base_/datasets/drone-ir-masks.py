# Drone-IR (320x256, native size) after `mmirstd drone-ir`, for networks that give masks.  It has boxes alone: they are
# filled, so Pd and Fa mean what they say and IoU is that with rectangles.  A network whose losses see the key frame
# alone (supervised='key') can train on it, too.
_base_ = ['./clip_mask_pipelines.py']

data_root = 'data/Drone-IR'  # another root for all splits: --cfg-options data_root=PATH

train_masks = dict(type='mmirstd.LoadClipMasks', frames='key', boxes='fill')
test_masks = dict(type='mmirstd.LoadClipMasks', frames='all', boxes='fill')
train_pipeline = [_base_.load, train_masks, *_base_.train_pipeline[2:]]
test_pipeline = [_base_.load, test_masks, *_base_.test_pipeline[2:]]

train_dataloader = dict(
    dataset=dict(
        type='mmirstd.ClipDataset', data_root=data_root, ann_file='instances_train2017.json', pipeline=train_pipeline
    )
)
val_dataloader = dict(
    dataset=dict(
        type='mmirstd.ClipDataset', data_root=data_root, ann_file='instances_val2017.json', pipeline=test_pipeline
    )
)
test_dataloader = dict(
    dataset=dict(
        type='mmirstd.ClipDataset', data_root=data_root, ann_file='instances_test2017.json', pipeline=test_pipeline
    )
)
