# NUDT-MIRSDT (120 sequences of 100 frames with masks, 80 for training, 20 for testing): SEQ/images, SEQ/masks, and the
# authors' train.txt and test.txt at the root.  Letterbox and hold-out as for the other data sets of SSTNet's size.
_base_ = ['./uestc_pipelines.py']

data_root = 'data/NUDT-MIRSDT'  # another root for all splits: --cfg-options data_root=PATH
train_dataloader = dict(dataset=dict(type='mmirstd.MaskClipDataset', data_root=data_root, ann_file='train.txt'))
val_dataloader = dict(dataset=dict(type='mmirstd.MaskClipDataset', data_root=data_root, ann_file='train.txt'))
test_dataloader = dict(dataset=dict(type='mmirstd.MaskClipDataset', data_root=data_root, ann_file='test.txt'))
