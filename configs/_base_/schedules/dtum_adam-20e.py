# DTUM's schedule (TinaLRJ/Multi-frame-infrared-small-target-detection-DTUM, train.py): Adam, half the learning rate
# every 3 of 20 epochs.  Batch 1 belongs to the config.
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3, betas=(0.9, 0.99)))
param_scheduler = [dict(type='StepLR', step_size=3, gamma=0.5, by_epoch=True)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=20, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
