"""Auxiliary branches of clip detectors that see the whole clip in training and are absent at test."""

from .cross_slice_conv_lstm import CrossSliceConvLSTM
from .cross_slice_motion_branch import CrossSliceMotionBranch

__all__ = ['CrossSliceConvLSTM', 'CrossSliceMotionBranch']
