# STMENet (UESTC-nnLab/STME) on clips of 5 frames: 9.9 M parameters.
_base_ = ['./sstnet.py']

model = dict(
    type='mmirstd.KeyFrameDetector',
    neck=None,
    clip_backbones=[dict(type='mmirstd.ShuffleNet3D', in_channels=1)],
    temporal_neck=dict(_delete_=True, type='mmirstd.STMENeck', clip_channels=464, out_channels=256),
    motion_branch=None,
)
