# NUAA-SIRST, 341 training and 86 test images (the authors' idx_427).
#
# Published results train on all 341.  Here 34 of them are held out to choose the checkpoint, so that the test images
# never do.  To train on all 341 (and use the last checkpoint: the validation figures are then training figures):
#   --cfg-options train_dataloader.dataset.holdout=None
_base_ = ['./sirst_pipelines.py']

data_root = 'data/NUAA-SIRST'  # another root for all splits: --cfg-options data_root=PATH
# Both layouts: img_idx/ as in BasicIRSTD and DNANet, idx_427/ as the authors ship it.
trainval = ['img_idx/idx427_trainval.txt', 'idx_427/trainval.txt']
test = ['img_idx/idx427_test.txt', 'idx_427/test.txt']

train_dataloader = dict(
    dataset=dict(data_root=data_root, ann_file=trainval, holdout=dict(num=34, seed=0, part='train'))
)
val_dataloader = dict(dataset=dict(data_root=data_root, ann_file=trainval, holdout=dict(num=34, seed=0, part='val')))
# The image of Misc_111, which is among the test images, has 220x325 pixels and its mask 400x592.
test_dataloader = dict(dataset=dict(data_root=data_root, ann_file=test, mask_size_mismatch='resize'))
