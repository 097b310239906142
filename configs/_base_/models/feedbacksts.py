# FeedbackSTS-Det: a 3-D U-Net on clips of 5 frames whose residual branches hand semantics from frame to frame.
_base_ = ['../clip_segmentor.py']

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
)
