# NUDT-SIRST, 663 training and 664 test images (DNANet's and BasicIRSTD's split); 66 of the 663 are held out.
# Train on all 663: --cfg-options train_dataloader.dataset.holdout=None (see nuaa-sirst-341-86.py)
_base_ = ['./sirst_pipelines.py']

data_root = 'data/NUDT-SIRST'
# The same lists in BasicIRSTD and in DNANet's repository.
trainval = ['img_idx/train_NUDT-SIRST.txt', '50_50/train.txt']
test = ['img_idx/test_NUDT-SIRST.txt', '50_50/test.txt']

train_dataloader = dict(
    dataset=dict(data_root=data_root, ann_file=trainval, holdout=dict(num=66, seed=0, part='train'))
)
val_dataloader = dict(dataset=dict(data_root=data_root, ann_file=trainval, holdout=dict(num=66, seed=0, part='val')))
test_dataloader = dict(dataset=dict(data_root=data_root, ann_file=test))
