# The schedule of DNANet (YeRen123455/Infrared-Small-Target-Detection): Adagrad, learning rate 0.05 annealed to 1e-5 by
# a cosine over 1500 epochs.  Batch 16 of 256-pixel windows belongs to the data set config, whose default is 8: a config
# with this schedule adds train_dataloader = dict(batch_size=16).
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adagrad', lr=0.05))
param_scheduler = [dict(type='CosineAnnealingLR', eta_min=1e-5, by_epoch=True)]

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=1500, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
