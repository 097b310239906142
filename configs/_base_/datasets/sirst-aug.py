# SIRST-Aug as images/, masks/, img_idx/{train,test}_SIRST-Aug.txt; a tenth of the training images is held out.
# The set is made of augmented crops, so held-out images resemble training images: the validation figures choose the
# checkpoint but are optimistic.
# If your copy has trainval/{images,masks} and test/{images,masks} and no split files, set for each data set
#   ann_file='', data_prefix=dict(img_path='trainval/images', seg_map_path='trainval/masks')   (or test/...)
# Train on all: --cfg-options train_dataloader.dataset.holdout=None (see nuaa-sirst-341-86.py)
_base_ = ['./sirst_pipelines.py']

data_root = 'data/SIRST-Aug'
trainval = 'img_idx/train_SIRST-Aug.txt'

train_dataloader = dict(
    dataset=dict(data_root=data_root, ann_file=trainval, holdout=dict(fraction=0.1, seed=0, part='train'))
)
val_dataloader = dict(
    dataset=dict(data_root=data_root, ann_file=trainval, holdout=dict(fraction=0.1, seed=0, part='val'))
)
test_dataloader = dict(dataset=dict(data_root=data_root, ann_file='img_idx/test_SIRST-Aug.txt'))
