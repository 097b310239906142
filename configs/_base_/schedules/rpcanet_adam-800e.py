# The schedule of RPCANet and RPCANet++ (fengyiwu98/RPCANet, run.py): Adam, learning rate 1e-4, polynomial decay with
# power 0.9 by iteration, 800 epochs, batch 8 (the data set configs' default).
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4))
param_scheduler = [dict(type='PolyLR', eta_min=0, power=0.9, by_epoch=True, convert_to_iter_based=True)]

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=800, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
