# NUDT-MIRSDT (120 sequences of 100 frames with masks, 80 for training, 20 for testing): SEQ/images, SEQ/masks, and the
# authors' train.txt and test.txt at the root.  15% of the training sequences are held out to choose the checkpoint.
# To train on all of them: --cfg-options train_dataloader.dataset.holdout=None
_base_ = ['./clip_mask_pipelines.py']

data_root = 'data/NUDT-MIRSDT'  # another root for all splits: --cfg-options data_root=PATH
holdout = dict(fraction=0.15, seed=0)

train_dataloader = dict(dataset=dict(data_root=data_root, ann_file='train.txt', holdout=dict(**holdout, part='train')))
val_dataloader = dict(dataset=dict(data_root=data_root, ann_file='train.txt', holdout=dict(**holdout, part='val')))
test_dataloader = dict(dataset=dict(data_root=data_root, ann_file='test.txt'))
