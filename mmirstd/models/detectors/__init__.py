"""Detectors of moving targets on clips."""

from .key_frame_detector import KeyFrameDetector
from .multi_frame_detector import MultiFrameDetector

__all__ = ['KeyFrameDetector', 'MultiFrameDetector']
