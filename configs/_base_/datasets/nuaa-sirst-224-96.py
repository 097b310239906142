# NUAA-SIRST's 320-image subset, 224 training and 96 test images (the authors' idx_320); 22 of the 224 are held out.
# Train on all 224: --cfg-options train_dataloader.dataset.holdout=None (see nuaa-sirst-341-86.py)
_base_ = ['./sirst_pipelines.py']

data_root = 'data/NUAA-SIRST'
trainval = ['img_idx/idx320_trainval.txt', 'idx_320/trainval.txt']
test = ['img_idx/idx320_test.txt', 'idx_320/test.txt']

train_dataloader = dict(
    dataset=dict(data_root=data_root, ann_file=trainval, holdout=dict(num=22, seed=0, part='train'))
)
val_dataloader = dict(dataset=dict(data_root=data_root, ann_file=trainval, holdout=dict(num=22, seed=0, part='val')))
# The image of Misc_111, which is among the test images, has 220x325 pixels and its mask 400x592.
test_dataloader = dict(dataset=dict(data_root=data_root, ann_file=test, mask_size_mismatch='resize'))
