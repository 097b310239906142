# MSHNet with PConv and the SD loss (JN-Yang/PConv-SDloss-Data, arXiv 2412.16986): 400 epochs at 256 pixels, as its
# authors say; no training script was released, so optimizer and batch are MSHNet's.
_base_ = [
    '../_base_/models/mshnet-pconv.py',
    '../_base_/datasets/irstd-1k-800-201.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=4)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adagrad', lr=0.05))
param_scheduler = []

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=400, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
