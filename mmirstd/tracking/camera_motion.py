"""How the background moves in the image from one frame to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

#: The longer side of the images that are compared; larger frames are reduced.
MOST_PIXELS = 640
#: Corners looked for, and the least number of them that says anything.
MOST_CORNERS, LEAST_CORNERS = 200, 12
#: Share of the corners that must agree on one motion, and from which on they are those of a scene.
AGREE, TRUSTED = 0.5, 0.75
#: A corner agrees when it is so near to where the motion brings it, in pixels of the reduced image.
TOLERANCE = 1.0
#: When ECC ends, and the least correlation that it must reach.
ALIGN_UNTIL = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 30, 1e-3)
CORRELATED = 0.7


@dataclass(frozen=True)
class CameraMotion:
    """The motion of the background between two frames.

    Attributes:
        matrix: (2, 3): a point (x, y) of the frame before is at ``matrix @ (x, y, 1)`` now.
        known: Whether it was measured; else it is the last one that was.
        lost: The frames show different places: a jump of the camera, or a cut.
    """

    matrix: NDArray[np.float64]
    known: bool = True
    lost: bool = False

    @classmethod
    def still(cls, known: bool = True, lost: bool = False) -> CameraMotion:
        """No motion."""
        return cls(np.eye(2, 3), known, lost)

    def move(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where points (N, 2) of the frame before are now."""
        moved: NDArray[np.float64] = points @ self.matrix[:, :2].T + self.matrix[:, 2]
        return moved


class CameraMotionEstimator:
    """Measures the camera's motion from frame to frame.

    Corners are followed by sparse optical flow.  A rotation, a zoom and a shift are fitted to them by RANSAC, so that
    moving objects do not count.  Where there are too few corners, as in a clear sky, OpenCV's ECC aligns the whole
    images.  Where that fails, too, the last motion is taken to go on.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin another sequence."""
        self._before: NDArray[np.uint8] | None = None
        self._last = CameraMotion.still(known=False)
        self._agreed = 0.0

    def __call__(self, image: NDArray[np.generic]) -> CameraMotion:
        """The motion from the frame of the call before to this one; none at the first.

        Args:
            image: (H, W) gray values of any type.
        """
        scale = min(1.0, MOST_PIXELS / max(image.shape))
        now = _prepare(image, scale)
        before, self._before = self._before, now
        if before is None or before.shape != now.shape:
            return CameraMotion.still()
        matrix, agreed = _follow_corners(before, now)
        lost = False
        if matrix is None:
            matrix = _align(before, now, self._last.matrix[:, 2] * scale)
            # Corners of noise agree neither before nor now, those of a scene agreed before. A blank frame (a shutter)
            # has none.
            lost = matrix is None and self._agreed >= TRUSTED and agreed < AGREE / 2 and len(_corners(now)) > 0
        self._agreed = agreed
        if matrix is not None:
            matrix[:, 2] /= scale
            self._last = CameraMotion(matrix)
            return self._last
        if lost:
            self._last = CameraMotion.still(known=False)
            return CameraMotion.still(known=False, lost=True)
        return CameraMotion(self._last.matrix, known=False)


class RecordedMotion(CameraMotionEstimator):
    """Measures the motion of a sequence once; whoever tracks the same frames again gets the same."""

    def __init__(self) -> None:
        self._recorded: list[CameraMotion] = []
        super().__init__()

    def reset(self) -> None:
        """Begin the same sequence again."""
        super().reset()
        self._next = 0

    def __call__(self, image: NDArray[np.generic]) -> CameraMotion:
        """As of the base class."""
        if self._next == len(self._recorded):
            self._recorded.append(super().__call__(image))
        self._next += 1
        return self._recorded[self._next - 1]


def _prepare(image: NDArray[np.generic], scale: float) -> NDArray[np.uint8]:
    """Smoothed 8 bits between two percentiles, which corners of low contrast survive."""
    gray: NDArray[Any] = image.astype(np.float32)
    if scale < 1:
        gray = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    low, high = np.percentile(gray[::2, ::2], (1, 99))
    gray = cv2.GaussianBlur((gray - low) * (255 / max(high - low, 1e-6)), (0, 0), 1)
    result: NDArray[np.uint8] = np.clip(gray, 0, 255).astype(np.uint8)
    return result


def _corners(image: NDArray[np.uint8]) -> NDArray[Any]:
    """(N, 1, 2) x, y; none where they are too few to say anything."""
    corners = cv2.goodFeaturesToTrack(image, MOST_CORNERS, 0.01, 7)
    return np.empty((0, 1, 2), np.float32) if corners is None or len(corners) < LEAST_CORNERS else corners


def _follow_corners(before: NDArray[np.uint8], now: NDArray[np.uint8]) -> tuple[NDArray[np.float64] | None, float]:
    """The motion (2, 3), None where the corners do not tell it, and the share of them that agrees on one."""
    corners = _corners(before)
    if not len(corners):
        return None, 0.0
    moved, found, _ = cv2.calcOpticalFlowPyrLK(before, now, corners, np.empty(0), winSize=(15, 15), maxLevel=3)
    kept = found.ravel() == 1
    if kept.sum() < LEAST_CORNERS:
        return None, 0.0
    matrix, inliers = cv2.estimateAffinePartial2D(
        corners[kept], moved[kept], method=cv2.RANSAC, ransacReprojThreshold=TOLERANCE
    )
    if matrix is None:
        return None, 0.0
    agree = int(inliers.sum())
    share = agree / len(corners)
    return (matrix.astype(np.float64) if agree >= LEAST_CORNERS and share >= AGREE else None), share


def _align(before: NDArray[np.uint8], now: NDArray[np.uint8], start: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The shift of the whole image, (2, 3); None where it cannot be told.

    ``datasets.frame_alignment`` leaves vignetting and the coarsest structure out, which is all that a clear sky has: of
    3.2 pixels it left up to 1.9 there, this 0.05 to 0.25, in a sixth of the time (noise blurred by 60 pixels, 256x256).

    Args:
        before: (H, W).
        now: (H, W).
        start: (2,) the shift to begin with, in pixels.
    """
    if min(now.shape) < 2:  # half of a line is none
        return None
    first, second = (cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for image in (before, now))
    everything = np.ones(first.shape, np.uint8)
    shift: NDArray[Any] = np.eye(2, 3, dtype=np.float32)
    shift[:, 2] = start / 2
    try:
        correlation, shift = cv2.findTransformECC(
            first, second, shift, cv2.MOTION_TRANSLATION, ALIGN_UNTIL, everything, 5
        )
    except cv2.error:  # it does not converge
        return None
    if correlation < CORRELATED:
        return None
    matrix: NDArray[np.float64] = shift.astype(np.float64)
    matrix[:, 2] *= 2
    return matrix
