"""Detectors of moving targets on clips."""

from .feature_stream import FeatureStream
from .multi_frame_detector import MultiFrameDetector

__all__ = ['FeatureStream', 'MultiFrameDetector']
