# ResUNet with RFR and its authors' schedule (XinyiYing/RFR, codes/train.py): Adam, half the learning rate every 5 of 20
# epochs, clips of 20 frames, windows of 128 pixels.
_base_ = [
    '../_base_/models/resunet.py',
    '../_base_/datasets/nudt-mirsdt-masks.py',
    '../_base_/default_runtime.py',
]

# ResUNet on a feature that is refined from frame to frame (RFR).
model = dict(
    type='mmirstd.RFR',
    num_frames=20,  # of a training clip
    data_preprocessor=dict(type='mmirstd.ClipSegDataPreProcessor'),
    # PyTorch's own initialization, as in the official code
    backbone=dict(init_cfg=dict(type='mmirstd.PyTorchInit', within='CBAMResidualEncoder')),
    neck=dict(init_cfg=dict(type='mmirstd.PyTorchInit', within='ResUNetNeck')),
)

# The official code draws a twentieth of all clips in an epoch; here each twentieth frame is a key frame.
train_dataloader = dict(batch_size=3, dataset=dict(num_frames=20, key_every=20))

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=5e-4))
param_scheduler = [dict(type='StepLR', step_size=5, gamma=0.5, by_epoch=True)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=20, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
