# SSTNet (UESTC-nnLab/SSTNet) on clips of 5 frames: 11.9 M parameters at test, and the motion branch in training.
model = dict(
    type='mmirstd.MultiFrameDetector',
    data_preprocessor=dict(type='mmirstd.ClipDataPreprocessor', pad_size_divisor=32),
    num_frames=5,
    backbone=dict(type='mmirstd.CSPDarknet', in_channels=1, deepen_factor=0.33, widen_factor=0.5),
    neck=dict(type='mmirstd.CSPFPN', in_channels=[128, 256, 512], out_levels=[0], num_csp_blocks=1),
    # The 1x1 convolution to 256 channels is the stem of the official YOLOX head.
    temporal_neck=dict(type='mmirstd.MotionCouplingNeck', in_channels=128, num_frames=5, out_channels=256),
    bbox_head=dict(
        type='YOLOXHead',
        num_classes=1,
        in_channels=256,
        feat_channels=256,
        strides=[8],
        act_cfg=dict(type='SiLU', inplace=False),
        # With mmdet's start (std=None) some trainings on dim targets learn nothing: configs/bp_fpn/experiments.md.
        init_cfg=dict(type='mmirstd.SmallPredictionInit'),
    ),
    motion_branch=dict(type='mmirstd.CrossSliceMotionBranch', in_channels=1, feat_channels=128, num_frames=5),
    train_cfg=dict(assigner=dict(type='SimOTAAssigner', center_radius=2.5)),
    # As the official test script: every box that scores 0.001, IoU 0.65 in the suppression of overlapping ones.
    test_cfg=dict(score_thr=0.001, nms=dict(type='nms', iou_threshold=0.65), streaming=True),
)
