# The schedule of SCTransNet (xdFai/SCTransNet, train.py): Adam, learning rate 1e-3 annealed to 1e-5 by a cosine over
# 1000 epochs.  Batch 16 of 256-pixel windows belongs to the data set config, whose default is 8: a config with this
# schedule adds train_dataloader = dict(batch_size=16).
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = [dict(type='CosineAnnealingLR', eta_min=1e-5, by_epoch=True)]

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=1000, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
