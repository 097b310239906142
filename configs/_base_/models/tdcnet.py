# TDCNet (IVPLaboratory/TDCNet) on clips of 5 frames, aligned with the key frame and as they were: 25.5 M parameters.
_base_ = ['./sstnet.py']

levels = dict(type='mmirstd.ShuffleNet3D', in_channels=1, channels=[24, 128, 256, 512], time_kernel=5)

model = dict(
    type='mmirstd.KeyFrameDetector',
    neck=None,
    clip_backbones=[dict(difference=True, **levels), levels],
    temporal_neck=dict(_delete_=True, type='mmirstd.TDCNeck', channels=[128, 256, 512], out_channels=256),
    motion_branch=None,
    # Past frames are aligned anew with each key frame: there is nothing to keep.
    test_cfg=dict(streaming=False),
)
