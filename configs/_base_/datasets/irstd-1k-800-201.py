# IRSTD-1K, 800 training and 201 test images; 80 of the 800 are held out.
# Train on all 800: --cfg-options train_dataloader.dataset.holdout=None (see nuaa-sirst-341-86.py)
_base_ = ['./sirst_pipelines.py']

data_root = 'data/IRSTD-1K'
trainval = ['img_idx/train_IRSTD-1K.txt', 'trainval.txt']
test = ['img_idx/test_IRSTD-1K.txt', 'test.txt']
# The names in BasicIRSTD, and those in the authors' download.
folders = dict(img_path=['images', 'IRSTD1k_Img'], seg_map_path=['masks', 'IRSTD1k_Label'])

train_dataloader = dict(
    dataset=dict(
        data_root=data_root, data_prefix=folders, ann_file=trainval, holdout=dict(num=80, seed=0, part='train')
    )
)
val_dataloader = dict(
    dataset=dict(data_root=data_root, data_prefix=folders, ann_file=trainval, holdout=dict(num=80, seed=0, part='val'))
)
test_dataloader = dict(dataset=dict(data_root=data_root, data_prefix=folders, ann_file=test))
