# The single-frame baseline: what SSTNet makes of one frame, with the same YOLOX head at stride 8 and nothing over time.
# As a MultiFrameDetector of one frame it takes the data, the metric and the tools of the clip detectors.
_base_ = ['./sstnet.py']

model = dict(
    num_frames=1,
    neck=dict(out_channels=256),  # the head's stem, which in SSTNet follows the motion-coupling neck
    temporal_neck=None,
    motion_branch=None,
)
