# MSHNet with NS-FPN and its official schedule (mengduann/NS-FPN, arXiv 2508.06878).
_base_ = [
    '../_base_/models/mshnet-nsfpn.py',
    '../_base_/datasets/irstd-1k-800-201.py',
    '../_base_/default_runtime.py',
]

# The schedule of mengduann/NS-FPN (README.md): Adagrad at a constant rate, batch 16.
train_dataloader = dict(batch_size=16)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adagrad', lr=0.05))
param_scheduler = []

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=500, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
