"""Detections of small targets to tracks: points, not boxes, with the camera's motion taken out.

NumPy, SciPy and OpenCV only; :class:`mmirstd.apis.TargetTracker` joins it to the inferencers.
"""

from typing import TYPE_CHECKING

from mmirstd.utils.lazy import lazy_names

if TYPE_CHECKING:
    from .camera_motion import CameraMotion, CameraMotionEstimator, RecordedMotion
    from .options import TrackOptions
    from .track_point import TrackPoint
    from .tracker import PointTracker

_MODULES = {
    'CameraMotion': '.camera_motion',
    'CameraMotionEstimator': '.camera_motion',
    'PointTracker': '.tracker',
    'RecordedMotion': '.camera_motion',
    'TrackOptions': '.options',
    'TrackPoint': '.track_point',
}
__all__ = [
    'CameraMotion',
    'CameraMotionEstimator',
    'PointTracker',
    'RecordedMotion',
    'TrackOptions',
    'TrackPoint',
]
if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(__name__, _MODULES)
