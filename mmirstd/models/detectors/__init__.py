"""Detectors of moving targets on clips."""

from .multi_frame_detector import MultiFrameDetector

__all__ = ['MultiFrameDetector']
