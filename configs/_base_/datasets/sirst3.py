# SIRST3: NUAA-SIRST, NUDT-SIRST and IRSTD-1K in one folder (BasicIRSTD); a tenth of the training images is held out.
# To test on one of the three, give its list, which lies in the same folder:
#   --cfg-options test_dataloader.dataset.ann_file=img_idx/test_NUAA-SIRST.txt
# Train on all: --cfg-options train_dataloader.dataset.holdout=None (see nuaa-sirst-341-86.py)
_base_ = ['./sirst_pipelines.py']

data_root = 'data/SIRST3'
trainval = 'img_idx/train_SIRST3.txt'

train_dataloader = dict(
    dataset=dict(data_root=data_root, ann_file=trainval, holdout=dict(fraction=0.1, seed=0, part='train'))
)
val_dataloader = dict(
    dataset=dict(data_root=data_root, ann_file=trainval, holdout=dict(fraction=0.1, seed=0, part='val'))
)
# NUAA-SIRST's Misc_111, whose mask is larger than its image, is among the test images.
test_dataloader = dict(
    dataset=dict(data_root=data_root, ann_file='img_idx/test_SIRST3.txt', mask_size_mismatch='resize')
)
