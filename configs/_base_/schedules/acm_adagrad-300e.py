# The schedule of Tianfang-Zhang/acm-pytorch (train.py): Adagrad, learning rate 0.05, weight decay 1e-4, polynomial
# decay with power 0.9 to 1e-6 over 300 epochs, batch 8 (the data set configs' default).
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adagrad', lr=0.05, weight_decay=1e-4))
param_scheduler = [dict(type='PolyLR', eta_min=1e-6, power=0.9, by_epoch=True)]

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=300, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
