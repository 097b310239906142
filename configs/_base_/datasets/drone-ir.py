# Drone-IR (320x256, native size) after tools/dataset_converters/drone_ir.py, which holds whole videos out of train for
# validation and can subsample the annotated frames (--every 10).
_base_ = ['./clip_pipelines.py']

data_root = 'data/Drone-IR'  # another root for all splits: --cfg-options data_root=PATH

train_dataloader = dict(batch_size=8, dataset=dict(data_root=data_root, ann_file='instances_train2017.json'))
val_dataloader = dict(batch_size=8, dataset=dict(data_root=data_root, ann_file='instances_val2017.json'))
test_dataloader = dict(batch_size=8, dataset=dict(data_root=data_root, ann_file='instances_test2017.json'))
