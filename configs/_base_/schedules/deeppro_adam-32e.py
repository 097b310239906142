# DeepPro's and DeepPro-Plus's schedule (TinaLRJ/DeepPro, train.py): Adam, learning rate times 0.7 every 10 of 32
# epochs.  The official code draws a tenth of all windows in an epoch; a recipe takes each tenth frame as a key frame.

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3, weight_decay=1e-4))
param_scheduler = [dict(type='StepLR', step_size=10, gamma=0.7, by_epoch=True)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=32, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
