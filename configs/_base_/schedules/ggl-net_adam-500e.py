# The schedule of the GGL-Net paper (arXiv 2512.09497): Adam, learning rate 1e-4, batch 4, 500 epochs, soft IoU.
# Without a scheduler the rate is constant.  The batch size belongs to the data set config, whose default is 8: a config
# with this schedule adds train_dataloader = dict(batch_size=4).
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4))
param_scheduler = []

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=500, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
