# The schedule of UIU-Net (danfenghong/IEEE_TIP_UIU-Net, train.py): Adam, constant learning rate 1e-3, 500 epochs.
# Batch 3 of 288-pixel windows (of images resized to 320) belongs to the data set config: a config with this schedule
# adds train_dataloader = dict(batch_size=3).
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = []

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=500, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
