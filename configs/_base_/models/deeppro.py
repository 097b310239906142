# DeepPro: small targets as anomalies in the time profile of a pixel, 40 frames, 49 thousand parameters.
_base_ = ['../clip_segmentor.py']

num_frames = 40

model = dict(
    # Its authors standardize with NUDT-MIRSDT's mean and deviation (of 255: 105.4025 and 26.6452).
    data_preprocessor=dict(size_divisor=4, mean=[0.413343], std=[0.104491]),
    num_frames=num_frames,
    supervised='all',
    backbone=dict(type='mmirstd.FrameInput', in_channels=1, divisor=4),
    temporal_neck=dict(type='mmirstd.DeepProNeck', num_frames=num_frames),
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=8,
        init_cfg=None,  # PyTorch's own, as in the official code
        loss_decode=dict(type='mmirstd.SoftIoULoss', smooth=0),  # of the whole clip
    ),
)
