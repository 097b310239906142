# HDNet with its official schedule (xumingzhu989/HDNet-TGRS, TGRS 2025).
_base_ = [
    '../_base_/models/hdnet.py',
    '../_base_/datasets/irstd-1k-800-201.py',
    '../_base_/default_runtime.py',
]

# The schedule of xumingzhu989/HDNet-TGRS (main.py): Adagrad, whose rate swings between 0.05 and 0.045 every 25 epochs.
train_dataloader = dict(batch_size=4)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adagrad', lr=0.05))
param_scheduler = [dict(type='CosineAnnealingLR', T_max=25, eta_min=0.045, by_epoch=True)]

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=800, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
