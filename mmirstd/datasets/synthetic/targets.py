"""Targets: sub-pixel intensity profiles, their masks, and the strength that meets a requested SCR."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.special import erf

from .config import TargetConfig

SUPERSAMPLING = 6


@dataclass(frozen=True)
class TargetShape:
    """What a target looks like, apart from where it is and how strong.

    Attributes:
        kind: 'point', 'gaussian' or 'ellipse'.
        size: (major, minor) full widths before the PSF, px; (0, 0) for a point. A Gaussian's width is taken at the
            mask level.
        angle: Direction of the major axis, degrees, 0 along x, turning toward +y (down).
    """

    kind: str
    size: tuple[float, float]
    angle: float


@dataclass(frozen=True)
class Profile:
    """A target's contribution to the pixels of one frame, for a peak pixel of 1.

    Attributes:
        top, left: Position of ``values[0, 0]`` in the frame; the patch lies inside the frame.
        values: (h, w) float32, >= 0. The peak of 1 may lie outside the frame where the target is cut by the border.
        mask: (h, w) bool, true where ``values`` exceeds the mask level; it may be empty when the target is cut.
    """

    top: int
    left: int
    values: np.ndarray
    mask: np.ndarray

    @property
    def window(self) -> tuple[slice, slice]:
        """The patch's place in the frame."""
        h, w = self.values.shape
        return slice(self.top, self.top + h), slice(self.left, self.left + w)

    def bbox(self) -> tuple[int, int, int, int]:
        """The mask's box (x, y, width, height), px: pixels x .. x + width - 1 are inside."""
        x, y, w, h = cv2.boundingRect(self.mask.astype(np.uint8))
        return x + self.left, y + self.top, w, h

    def full_mask(self, shape: tuple[int, int]) -> np.ndarray:
        """The mask in a frame of the given shape, uint8 of 0 and 1."""
        out = np.zeros(shape, np.uint8)
        out[self.window] = self.mask
        return out


def draw_count(config: TargetConfig, rng: np.random.Generator) -> int:
    """Draw how many there are."""
    weights = np.array(config.count)
    return int(rng.choice(len(weights), p=weights / weights.sum()))


def draw_shape(config: TargetConfig, rng: np.random.Generator) -> TargetShape:
    """Draw a target's shape from the ranges of a configuration."""
    kinds = list(config.shapes)
    weights = np.array([config.shapes[k] for k in kinds])
    kind = kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))]
    if config.size_law == 'log':
        major = float(np.exp(rng.uniform(*np.log(config.size))))
    else:
        major = float(rng.uniform(*config.size))
    aspect = float(rng.uniform(*config.aspect))
    angle = float(rng.uniform(0, 180))
    if kind == 'point':
        return TargetShape(kind, (0.0, 0.0), 0.0)
    return TargetShape(kind, (major, major / aspect), angle)


def _gaussian_sigmas(shape: TargetShape, psf_sigma: float, mask_level: float) -> tuple[float, float]:
    """Standard deviations on the image of a 'point' or 'gaussian', PSF included.

    The full width of a Gaussian at the level L is 2 sigma sqrt(2 ln(1/L)).
    """
    widths = np.array(shape.size) / (2 * np.sqrt(2 * np.log(1 / mask_level)))
    # No image is sharper than the PSF; a wider one already has it in its width.
    major, minor = np.maximum(widths, psf_sigma)
    return float(major), float(minor)


def _oversampled(
    shape: TargetShape, dx: float, dy: float, radius: int, psf_sigma: float, mask_level: float
) -> np.ndarray:
    """An extended target on a fine grid, averaged over each pixel's area; center at (radius + dx, radius + dy)."""
    factor, side = SUPERSAMPLING, 2 * radius + 1
    axis = (np.arange(side * factor, dtype=np.float32) + 0.5) / factor - 0.5 - radius
    x, y = axis[None, :] - np.float32(dx), axis[:, None] - np.float32(dy)
    cos, sin = np.float32(np.cos(np.deg2rad(shape.angle))), np.float32(np.sin(np.deg2rad(shape.angle)))
    u, v = x * cos + y * sin, y * cos - x * sin
    if shape.kind == 'gaussian':
        major, minor = _gaussian_sigmas(shape, psf_sigma, mask_level)
        fine = np.exp(-0.5 * ((u / major) ** 2 + (v / minor) ** 2))
    else:
        a, b = max(shape.size[0] / 2, 0.25), max(shape.size[1] / 2, 0.25)
        # Distance to the ellipse's rim in fine pixels, clipped: an anti-aliased edge keeps the centroid exact.
        rho = np.sqrt((u / a) ** 2 + (v / b) ** 2)
        fine = np.clip((1 - rho) * np.float32(min(a, b) * factor) + 0.5, 0, 1)
        fine = cv2.GaussianBlur(fine.astype(np.float32), (0, 0), psf_sigma * factor, borderType=cv2.BORDER_CONSTANT)
    return fine.reshape(side, factor, side, factor).mean(axis=(1, 3))


def render_profile(
    shape: TargetShape, x: float, y: float, psf_sigma: float, frame: tuple[int, int], mask_level: float = 0.5
) -> Profile:
    """Render a target at a sub-pixel position: integrated over the pixels' areas, blurred by the PSF.

    Args:
        shape: What it looks like.
        x: Its center, px to the right; (0, 0) is the center of the top left pixel. It must lie inside the frame.
        y: Its center, px down.
        psf_sigma: px.
        frame: (height, width) of the image.
        mask_level: The mask holds the pixels above this fraction of the peak.

    Raises:
        ValueError: The center lies outside the frame.
    """
    height, width = frame
    if not (-0.5 <= x < width - 0.5 and -0.5 <= y < height - 0.5):
        raise ValueError(f'the target center ({x:.2f}, {y:.2f}) lies outside the frame of {height}x{width} px')
    col, row = int(np.floor(x + 0.5)), int(np.floor(y + 0.5))
    dx, dy = x - col, y - row
    if shape.kind == 'ellipse':
        radius = int(np.ceil(shape.size[0] / 2 + 3.5 * psf_sigma)) + 1
    else:
        radius = int(np.ceil(3.5 * _gaussian_sigmas(shape, psf_sigma, mask_level)[0])) + 1
    if shape.kind == 'point':
        edges = np.arange(-radius, radius + 2) - 0.5
        line_x, line_y = (np.diff(erf((edges - d) / (np.sqrt(2) * psf_sigma))) for d in (dx, dy))
        values = np.outer(line_y, line_x)
    else:
        values = _oversampled(shape, dx, dy, radius, psf_sigma, mask_level)
    values = (values / values.max()).astype(np.float32)
    mask = values > mask_level
    top, left = row - radius, col - radius
    cut = (
        slice(max(0, -top), min(values.shape[0], height - top)),
        slice(max(0, -left), min(values.shape[1], width - left)),
    )
    return Profile(max(top, 0), max(left, 0), np.ascontiguousarray(values[cut]), np.ascontiguousarray(mask[cut]))


# Places within a pixel at which a mask's width is looked at. A shape is its own mirror image through its center, so
# half of the pixel is enough.
_PHASES = tuple((dx, dy) for dx in (-0.4, -0.2, 0.0, 0.2, 0.4) for dy in (0.0, 0.25, 0.5))


def fit_shape(shape: TargetShape, psf_sigma: float, config: TargetConfig) -> TargetShape:
    """Shrink a target until its mask fits in ``max_side``, wherever in a pixel its center lies."""
    # Far smaller targets need no look: the PSF widens a mask by less than 2 sigma on each side, the pixel grid by one.
    while shape.kind != 'point' and shape.size[0] + 4 * psf_sigma + 1 > config.max_side and shape.size[0] > 0.5:
        boxes = (
            render_profile(shape, 32 + dx, 32 + dy, psf_sigma, (64, 64), config.mask_level).bbox() for dx, dy in _PHASES
        )
        if all(max(box[2:]) <= config.max_side for box in boxes):
            break
        shape = TargetShape(shape.kind, (shape.size[0] * 0.93, shape.size[1] * 0.93), shape.angle)
    return shape


def solve_strength(base: np.ndarray, profile: np.ndarray, goal: float, cold: bool = False) -> float:
    """The strength s for which ``mean(clip(base + s * profile, 0, 1))`` comes closest to a goal.

    Args:
        base: Signal under the mask without the target, any shape.
        profile: The target's profile on the same pixels, > 0.
        goal: Wanted mean signal.
        cold: Whether the strength must be <= 0 instead of >= 0.

    Returns:
        The strength, in signal units. 0 where the base alone is already past the goal; where clipping makes the goal
        unreachable, the least strength that saturates every pixel.
    """
    base, profile = np.asarray(base, np.float64).ravel(), np.asarray(profile, np.float64).ravel()
    if cold:
        return -solve_strength(1 - base, profile, 1 - goal)
    if np.clip(base, 0, 1).mean() >= goal:
        return 0.0
    linear = (goal - base.mean()) / profile.mean()
    if base.min() >= 0 and (base + linear * profile).max() <= 1:
        return float(linear)
    low, high = 0.0, float(np.max((1 - base) / profile))
    if goal >= 1:
        return high
    for _ in range(40):
        mid = (low + high) / 2
        if np.clip(base + mid * profile, 0, 1).mean() < goal:
            low = mid
        else:
            high = mid
    return (low + high) / 2
