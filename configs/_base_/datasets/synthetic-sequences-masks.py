# Sequences made by `mmirstd generate --mode sequences`, which writes masks and the true signal-to-clutter ratio.
_base_ = ['./clip_mask_pipelines.py']

data_root = 'data/synthetic-sequences'  # another root for all splits: --cfg-options data_root=PATH

# 16-bit files of the generator hold 14-bit codes; 8-bit files are divided by 255 as always.
load = dict(type='mmirstd.LoadClip', bit_depth=14)
train_pipeline = [load, *_base_.train_pipeline[1:]]
test_pipeline = [load, *_base_.test_pipeline[1:]]
clips = dict(type='mmirstd.ClipDataset', data_root=data_root, mask_folders=('images', 'masks'))

train_dataloader = dict(dataset=dict(clips, ann_file='instances_train2017.json', pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(clips, ann_file='instances_val2017.json', pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(clips, ann_file='instances_test2017.json', pipeline=test_pipeline))
# Pd by SCR; None: without end.
val_evaluator = dict(scr_bins=(0, 2, 4, 6, 10, 15, 20, None))
test_evaluator = dict(scr_bins=(0, 2, 4, 6, 10, 15, 20, None))
