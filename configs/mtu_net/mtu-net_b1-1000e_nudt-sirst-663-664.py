# MTU-Net with its official schedule; its own data set, NUDT-SIRST-Sea, takes `--data` with a file of yours.
_base_ = [
    '../_base_/models/mtu-net.py',
    '../_base_/datasets/nudt-sirst-663-664.py',
    '../_base_/default_runtime.py',
]

# The schedule of the official code (model/parse_args_train.py): Adagrad, a cosine from 0.05 to 1e-5, batch 1.
train_dataloader = dict(batch_size=1)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adagrad', lr=0.05))
param_scheduler = [dict(type='CosineAnnealingLR', eta_min=1e-5, by_epoch=True)]

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=1000, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
