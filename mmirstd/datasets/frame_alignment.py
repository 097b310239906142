"""Where the pixels of a frame were in another frame, seen by a moving camera."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

#: How the motion is estimated.
METHODS = {
    'ecc': "the images' correlation is maximized (OpenCV's ECC): exact to hundredths of a pixel, also without corners",
    'features': 'corners are matched (ORB) and fitted (MAGSAC): faster, also for large motion, needs structure',
}
#: What the camera may do, with the constants of OpenCV.
MOTIONS = {
    'translation': cv2.MOTION_TRANSLATION,
    'affine': cv2.MOTION_AFFINE,
    'homography': cv2.MOTION_HOMOGRAPHY,
}
#: Frames with a side of fewer pixels tell no motion.
LEAST_SIDE = 16
#: Corners looked for, the least number that must agree, and how near, in pixels.
CORNERS, LEAST_AGREE, AGREE_WITHIN = 1000, 12, 1.5
#: The side down to which ECC's pyramid goes, and when a level ends.
COARSEST_SIDE = 48
ECC_UNTIL = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 40, 1e-4)
#: Structure of this size is compared, in pixels (standard deviations of two blurs): noise is finer, and what is
#: coarser, as the lens's vignetting or the sky's brightness, is the same wherever a camera looks.
FINE, COARSE = 1.0, 10.0
#: Nearer to the border a blur has made up what lies beyond, which moves with the camera. At most this share of a side.
MARGIN, MARGIN_SHARE = 20, 0.125
#: What is farther from 0 is cut, in medians of the magnitude: a bright target that moves is not to decide.
LIMIT = 4.0
#: A freer motion than a shift must explain this share of what the shift leaves; else it is fitted to noise.
FREER_GAIN = 0.1

Matrix = NDArray[np.float64]
Image = NDArray[Any]


def estimate_motion(
    past: Image,
    now: Image,
    method: str = 'ecc',
    motion: str = 'affine',
    max_side: int = 640,
    min_correlation: float = 0.5,
) -> Matrix | None:
    """Where the pixels of one frame were in another.

    Args:
        past: (H, W), gray values of any type.
        now: The same size.
        method: A key of :data:`METHODS`.
        motion: A key of :data:`MOTIONS`.
        max_side: Frames with a longer side are reduced to this one before.
        min_correlation: What the images must correlate with after the alignment.

    Returns:
        (3, 3): ``matrix @ (x, y, 1)`` is the place in ``past``, up to the last entry, of what is at (x, y) in ``now``;
        None where it cannot be told (a flat sky, frames of different places, tiny frames).
    """
    height, width = now.shape
    if min(height, width) < LEAST_SIDE:
        return None
    scale = min(1.0, max_side / max(height, width))
    first, second = _comparable(past, now, scale)
    # What is left of flat frames is rounding.
    if any(float(band.std()) <= 1e-5 * float(np.abs(frame).max()) for band, frame in ((first, past), (second, now))):
        return None
    estimate = _by_ecc if method == 'ecc' else _by_features
    found = estimate(first, second, 'translation', np.eye(3))
    # From the stiffer motion to the freer one: a tilt is not reached from a shift.
    for freer in {'translation': (), 'affine': ('affine',), 'homography': ('affine', 'homography')}[motion]:
        found = _chosen(first, second, found, estimate(first, second, freer, np.eye(3) if found is None else found))
    if found is None or not _plausible(found, second.shape):
        return None
    after = correlation(first, second, found)
    # Where the frames agree better as they are, they stay.
    if not after >= min_correlation or after < correlation(first, second, np.eye(3)) - 1e-4:
        return None
    # Pixel centers of the reduced image lie at (x + 0.5) * scale - 0.5.
    reduce = np.array([[scale, 0, 0.5 * scale - 0.5], [0, scale, 0.5 * scale - 0.5], [0, 0, 1]])
    matrix: Matrix = np.linalg.inv(reduce) @ found @ reduce
    return matrix / matrix[2, 2]


def warp(
    image: Image, matrix: Matrix, onto: Image | float | None = None, interpolation: int = cv2.INTER_CUBIC
) -> Image:
    """The image as it would be seen from where another frame was taken.

    Args:
        image: (H, W).
        matrix: Of :func:`estimate_motion`: from places in the result to places in ``image``.
        onto: What stands where the image did not see: an image, a number, or None for the nearest pixel seen.
        interpolation: OpenCV's constant.

    Returns:
        (H, W), the same type; cubic overshoot is cut to the image's own range.
    """
    size = image.shape[::-1]
    flags = interpolation | cv2.WARP_INVERSE_MAP
    options: dict[str, Any] = dict(borderMode=cv2.BORDER_REPLICATE)
    if isinstance(onto, (int, float)):
        options = dict(borderMode=cv2.BORDER_CONSTANT, borderValue=onto)
    elif onto is not None:
        options = dict(borderMode=cv2.BORDER_TRANSPARENT, dst=onto.copy())
    if np.array_equal(matrix[2], (0, 0, 1)):
        warped = cv2.warpAffine(image, matrix[:2], size, flags=flags, **options)
    else:
        warped = cv2.warpPerspective(image, matrix, size, flags=flags, **options)
    if interpolation == cv2.INTER_CUBIC and onto is None:
        np.clip(warped, image.min(), image.max(), out=warped)
    return warped


def correlation(past: Image, now: Image, matrix: Matrix) -> float:
    """Of two images where both see the scene, after the first was warped onto the second; 0 where nothing overlaps.

    Their borders do not count.
    """
    inside = _inside(past.shape) > 0
    warped = warp(np.where(inside, past, np.float32(np.nan)), matrix, onto=np.nan, interpolation=cv2.INTER_LINEAR)
    seen = np.isfinite(warped) & inside
    if seen.sum() < LEAST_SIDE**2:
        return 0.0
    a, b = warped[seen], now[seen]
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / norm if norm else 0.0


def _comparable(past: Image, now: Image, scale: float) -> list[Image]:
    """Both frames reduced, in a band of scales, float32."""
    images = []
    for image in (past, now):
        gray: Image = image.astype(np.float32)
        if scale < 1:
            size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
            gray = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
        # Blurs repeat the border, where a slope would leave an edge that moves with the camera.
        gray = gray - _smooth_surface(gray)
        band = cv2.GaussianBlur(gray, (0, 0), FINE) - cv2.GaussianBlur(gray, (0, 0), COARSE)
        limit = LIMIT * float(np.median(np.abs(band)))
        images.append(np.clip(band, -limit, limit))
    return images


def _inside(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """1 where an image of this shape holds no trace of what was made up beyond its border, (H, W)."""
    mask = np.zeros(shape, np.uint8)
    rows, columns = (min(MARGIN, int(side * MARGIN_SHARE)) for side in shape)
    mask[rows : shape[0] - rows, columns : shape[1] - columns] = 1
    return mask


def _smooth_surface(gray: Image) -> Image:
    """The best fit of second order, (H, W)."""
    y, x = (np.linspace(-1, 1, side, dtype=np.float32) for side in gray.shape)
    down, across = (np.stack([np.ones_like(axis), axis, axis**2 - axis.dot(axis) / len(axis)]) for axis in (y, x))
    # Each pair of these is orthogonal over the grid, but for rounding.
    norms = np.outer((down**2).sum(axis=1), (across**2).sum(axis=1))
    surface: Image = down.T @ (down @ gray @ across.T / norms) @ across
    return surface


def _plausible(matrix: Matrix, shape: tuple[int, ...]) -> bool:
    """Whether half of the frame is still seen, upright and at about its size."""
    if not np.isfinite(matrix).all() or abs(matrix[2, 2]) < 1e-9:
        return False
    matrix = matrix / matrix[2, 2]
    height, width = shape
    corners = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]], float) @ matrix.T
    if (corners[:, 2] <= 0.5).any():
        return False
    moved = corners[:, :2] / corners[:, 2:] - [[0, 0], [width, 0], [width, height], [0, height]]
    return bool((np.abs(moved) <= [width / 2, height / 2]).all() and 0.5 < np.linalg.det(matrix[:2, :2]) < 2)


def _chosen(past: Image, now: Image, stiff: Matrix | None, freer: Matrix | None) -> Matrix | None:
    """The stiffer motion, unless the freer one explains clearly more."""
    if stiff is None or freer is None:
        return stiff if freer is None else freer
    left = 1 - correlation(past, now, stiff)
    return freer if 1 - correlation(past, now, freer) < (1 - FREER_GAIN) * left else stiff


def _by_ecc(past: Image, now: Image, motion: str, start: Matrix) -> Matrix | None:
    """A shift from coarse to fine; a freer motion from ``start``.

    The shift begins with the better of ``start`` and that of the phase correlation.
    """
    if motion != 'translation':
        return _climb(past, now, motion, start)
    pyramid = [(past, now)]
    while min(pyramid[-1][0].shape) >= 2 * COARSEST_SIDE:
        past, now = (cv2.pyrDown(image) for image in pyramid[-1])
        pyramid.append((past, now))
    window = cv2.createHanningWindow(now.shape[::-1], cv2.CV_32F)
    (dx, dy), _ = cv2.phaseCorrelate(now, past, window)
    shifts = [start, np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1]])]
    found: Matrix | None = max(shifts, key=lambda matrix: correlation(past, now, matrix))
    for level, (first, second) in enumerate(reversed(pyramid)):
        if level:
            # pyrDown keeps every second pixel, so that centers are twice as far.
            shifts[0] = shifts[0].copy()
            shifts[0][:2, 2] *= 2
        else:
            assert found is not None
            shifts[0] = found
        found = _climb(first, second, motion, shifts[0])
        shifts[0] = shifts[0] if found is None else found
    return found


def _climb(past: Image, now: Image, motion: str, start: Matrix) -> Matrix | None:
    rows = 3 if motion == 'homography' else 2
    matrix = np.eye(3)
    try:
        _, found = cv2.findTransformECC(
            now, past, start[:rows].astype(np.float32), MOTIONS[motion], ECC_UNTIL, _inside(past.shape), 3
        )
    except cv2.error:  # it does not converge
        return None
    matrix[:rows] = found
    return matrix


def _by_features(past: Image, now: Image, motion: str, start: Matrix) -> Matrix | None:
    low, high = np.percentile(now, (0.5, 99.5))
    orb = cv2.ORB.create(CORNERS, fastThreshold=5)
    everywhere = np.full(now.shape, 255, np.uint8)
    found = [
        orb.detectAndCompute(
            np.clip((image - low) * (255 / max(float(high - low), 1e-6)), 0, 255).astype(np.uint8), everywhere
        )
        for image in (now, past)
    ]
    if any(descriptors is None or len(points) < LEAST_AGREE for points, descriptors in found):
        return None
    matches = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(found[0][1], found[1][1])
    if len(matches) < LEAST_AGREE:
        return None
    here = np.array([found[0][0][match.queryIdx].pt for match in matches])
    there = np.array([found[1][0][match.trainIdx].pt for match in matches])
    matrix = np.eye(3)
    if motion == 'homography':
        fitted, agree = cv2.findHomography(here, there, cv2.USAC_MAGSAC, AGREE_WITHIN)
    else:
        fitted, agree = cv2.estimateAffine2D(here, there, method=cv2.USAC_MAGSAC, ransacReprojThreshold=AGREE_WITHIN)
    if fitted is None or int(agree.sum()) < LEAST_AGREE:
        return None
    if motion == 'translation':
        kept = agree.ravel() == 1
        matrix[:2, 2] = np.median(there[kept] - here[kept], axis=0)
    else:
        matrix[: len(fitted)] = fitted
    return matrix
