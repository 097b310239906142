# The schedule under which XinyiYing/BasicIRSTD trained all networks of its benchmark: Adam, learning rate 5e-4, a tenth
# of it from epochs 200 and 300 on, 400 epochs.  Batch 16 of 256-pixel windows belongs to the data set config, whose
# default is 8: a config with this schedule adds train_dataloader = dict(batch_size=16).
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=5e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=[200, 300], gamma=0.1, by_epoch=True)]

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=400, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
