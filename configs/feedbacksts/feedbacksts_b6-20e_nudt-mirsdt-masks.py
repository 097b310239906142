# FeedbackSTS-Det with its authors' schedule (IDIP-Lab/FeedbackSTS-Det, train.py): Adam, half the learning rate every 5
# of 20 epochs, clips of 5 frames.
_base_ = [
    '../_base_/models/clip_segmentor.py',
    '../_base_/datasets/nudt-mirsdt-masks.py',
    '../_base_/default_runtime.py',
]

# FeedbackSTS-Det: a 3-D U-Net on clips of 5 frames whose residual branches hand semantics from frame to frame.
num_frames = 5

model = dict(
    data_preprocessor=dict(size_divisor=32),
    num_frames=num_frames,
    supervised='all',
    backbone=dict(type='mmirstd.FrameInput', in_channels=1, divisor=32),
    temporal_neck=dict(type='mmirstd.FeedbackSTSNeck', num_frames=num_frames),
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=8,
        init_cfg=None,  # PyTorch's own, as in the official code
        loss_decode=dict(type='mmirstd.SoftIoULoss', per_sample=False),
    ),
    # Its residual branches go forward and backward in time, so all frames of a clip are predicted, as in the official
    # test.
    test_cfg=dict(frames='all'),
)

train_dataloader = dict(batch_size=6, dataset=dict(num_frames=num_frames))
windows = dict(num_frames=num_frames, streaming=False, window_step=num_frames)
val_dataloader = dict(dataset=windows)
test_dataloader = dict(dataset=windows)

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-5))
param_scheduler = [dict(type='StepLR', step_size=5, gamma=0.5, by_epoch=True)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=20, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
