# STMENet with its official schedule, which is SSTNet's.
_base_ = ['../sstnet/sstnet_b4-20e_daub.py']

# STMENet (UESTC-nnLab/STME) on clips of 5 frames: 9.9 M parameters.
model = dict(
    type='mmirstd.KeyFrameDetector',
    neck=None,
    clip_backbones=[dict(type='mmirstd.ShuffleNet3D', in_channels=1)],
    temporal_neck=dict(_delete_=True, type='mmirstd.STMENeck', clip_channels=464, out_channels=256),
    motion_branch=None,
)
