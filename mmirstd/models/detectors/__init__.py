"""Detectors of moving targets on clips."""

from .feature_stream import FeatureStream, window_ids
from .multi_frame_detector import MultiFrameDetector

__all__ = ['FeatureStream', 'MultiFrameDetector', 'window_ids']
