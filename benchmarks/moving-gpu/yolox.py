# YOLOX of a quarter of the widths on the hard sequences: twice those of ../bp-fpn-hard, for a GPU.
_base_ = ['../bp-fpn-hard/yolox.py']

workers = dict(num_workers=2, persistent_workers=True)
train_dataloader = workers
val_dataloader = workers
test_dataloader = workers

model = dict(
    backbone=dict(widen_factor=0.25),
    neck=dict(in_channels=[64, 128, 256], out_channels=64),
    bbox_head=dict(in_channels=64, feat_channels=64, init_cfg=dict(std=0.01)),  # small first predictions
)
