# DAUB (256x256), as UESTC-nnLab ships it; what is held out for validation: uestc_pipelines.py.
_base_ = ['./uestc_pipelines.py']

data_root = 'data/DAUB'  # another root for all splits: --cfg-options data_root=PATH
train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))
