# UIU-Net (IEEE TIP 2023) with its official schedule.
_base_ = [
    '../_base_/models/uiu-net.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/default_runtime.py',
]

# The schedule of danfenghong/IEEE_TIP_UIU-Net (train.py): Adam at a constant rate, batch 3 (of 288-pixel windows of
# images resized to 320 there; of the data set's 256-pixel windows here).
train_dataloader = dict(batch_size=3)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = []

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=500, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
