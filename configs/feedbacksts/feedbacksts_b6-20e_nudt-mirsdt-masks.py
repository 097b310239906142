# FeedbackSTS-Det with its authors' schedule (IDIP-Lab/FeedbackSTS-Det, train.py): Adam, half the learning rate every 5
# of 20 epochs, clips of 5 frames.
_base_ = [
    '../_base_/models/feedbacksts.py',
    '../_base_/datasets/nudt-mirsdt-masks.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=6, dataset=dict(num_frames=5))

# Its residual branches go forward and backward in time, so all frames of a clip are predicted, as in the official test.
model = dict(test_cfg=dict(frames='all'))
windows = dict(num_frames=5, streaming=False, window_step=5)
val_dataloader = dict(dataset=windows)
test_dataloader = dict(dataset=windows)

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-5))
param_scheduler = [dict(type='StepLR', step_size=5, gamma=0.5, by_epoch=True)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=20, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
