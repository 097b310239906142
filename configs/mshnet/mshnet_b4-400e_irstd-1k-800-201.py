# MSHNet with its official schedule (Lliu666/MSHNet, arXiv 2403.19366).
_base_ = [
    '../_base_/models/mshnet.py',
    '../_base_/datasets/irstd-1k-800-201.py',
    '../_base_/default_runtime.py',
]

# The schedule of Lliu666/MSHNet (main.py): Adagrad at a constant rate, batch 4.
train_dataloader = dict(batch_size=4)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adagrad', lr=0.05))
param_scheduler = []

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=400, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
