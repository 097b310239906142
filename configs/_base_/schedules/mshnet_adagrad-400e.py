# The schedule of MSHNet (Lliu666/MSHNet, main.py): Adagrad, constant learning rate 0.05, 400 epochs.  Batch 4 of
# 256-pixel windows belongs to the data set config, whose default is 8: a config with this schedule adds
# train_dataloader = dict(batch_size=4).
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adagrad', lr=0.05))
param_scheduler = []

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=400, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
