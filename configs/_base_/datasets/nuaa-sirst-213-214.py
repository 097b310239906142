# NUAA-SIRST, 213 training and 214 test images (DNANet's and BasicIRSTD's split); 21 of the 213 are held out.
# Train on all 213: --cfg-options train_dataloader.dataset.holdout=None (see nuaa-sirst-341-86.py)
_base_ = ['./sirst_pipelines.py']

data_root = 'data/NUAA-SIRST'
trainval = 'img_idx/train_NUAA-SIRST.txt'

train_dataloader = dict(
    dataset=dict(data_root=data_root, ann_file=trainval, holdout=dict(num=21, seed=0, part='train'))
)
val_dataloader = dict(dataset=dict(data_root=data_root, ann_file=trainval, holdout=dict(num=21, seed=0, part='val')))
# The image of Misc_111, which is among the test images, has 220x325 pixels and its mask 400x592.
test_dataloader = dict(
    dataset=dict(data_root=data_root, ann_file='img_idx/test_NUAA-SIRST.txt', mask_size_mismatch='resize')
)
