"""Connected components: the targets and the predicted targets of a binary map."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Components:
    """8-connected components, in raster order of each one's first pixel.

    Attributes:
        areas: (N,) int64, pixels.
        sums: (N, 2) int64, sums of the row and of the column indices.
        boxes: (N, 4) int64: top, left, bottom, right (the last two exclusive).
        labels: (h, w) int32 inside ``window``: 0 background, i + 1 component i.
        window: top, left, bottom, right of the smallest box around all components.
    """

    areas: np.ndarray
    sums: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray
    window: tuple[int, int, int, int]

    def __len__(self) -> int:
        return len(self.areas)

    @property
    def centroids(self) -> np.ndarray:
        """(N, 2) float64: unweighted row and column means."""
        return self.sums / self.areas[:, None]

    def crop(self, image: np.ndarray) -> np.ndarray:
        """The part of an (H, W) map that lies inside ``window`` (a view)."""
        top, left, bottom, right = self.window
        return image[top:bottom, left:right]


def _no_components() -> Components:
    return Components(
        np.zeros(0, np.int64), np.zeros((0, 2), np.int64), np.zeros((0, 4), np.int64),
        np.zeros((0, 0), np.int32), (0, 0, 0, 0))


def label_components(mask: np.ndarray) -> Components:
    """Label the 8-connected components of a binary map.

    Only the bounding box of the positive pixels is labelled: with small targets
    that is most of the speed. Sums, not centroids, are kept, since a centroid
    from integer sums of full-image coordinates has the very bits that
    skimage's ``regionprops`` gives, and strict ``< 3`` decisions hang on them.

    Args:
        mask: (H, W) bool or uint8.

    Returns:
        The components in the order in which skimage's ``label`` numbers them.
    """
    binary = np.ascontiguousarray(mask).view(np.uint8) if mask.dtype == np.bool_ else (mask != 0).view(np.uint8)
    left, top, width, height = cv2.boundingRect(binary)
    if not width:
        return _no_components()
    count, labels, stats, centroids = cv2.connectedComponentsWithStats(
        binary[top:top + height, left:left + width], connectivity=8, ltype=cv2.CV_32S)
    areas = stats[1:, cv2.CC_STAT_AREA].astype(np.int64)
    # x, y means of the crop -> exact integer sums of rows, columns of the image
    sums = np.rint(centroids[1:, ::-1] * areas[:, None]).astype(np.int64) + areas[:, None] * (top, left)
    boxes = np.stack([
        stats[1:, cv2.CC_STAT_TOP] + top, stats[1:, cv2.CC_STAT_LEFT] + left,
        stats[1:, cv2.CC_STAT_TOP] + stats[1:, cv2.CC_STAT_HEIGHT] + top,
        stats[1:, cv2.CC_STAT_LEFT] + stats[1:, cv2.CC_STAT_WIDTH] + left], axis=1).astype(np.int64)
    window = (top, left, top + height, left + width)
    if count > 2:
        # OpenCV numbers by blocks of pixels; the official greedy rules depend on raster order.
        flat = labels.ravel()
        positions = np.flatnonzero(flat)[::-1]
        first = np.zeros(count, np.int64)
        first[flat[positions]] = positions  # written from the last pixel to the first: the first stays
        order = np.argsort(first[1:])
        if (order[1:] < order[:-1]).any():
            renumber = np.zeros(count, np.int32)
            renumber[order + 1] = np.arange(1, count, dtype=np.int32)
            labels, areas, sums, boxes = renumber[labels], areas[order], sums[order], boxes[order]
    return Components(areas, sums, boxes, labels, window)


def hit_components(components: Components, mask: np.ndarray) -> np.ndarray:
    """Which components contain at least one positive pixel of ``mask``.

    Args:
        components: N components of an (H, W) image.
        mask: (H, W) bool.

    Returns:
        (N,) bool.
    """
    labels = components.labels[components.crop(mask)]
    return np.bincount(labels, minlength=len(components) + 1)[1:] > 0


def component_maxima(components: Components, score: np.ndarray) -> np.ndarray:
    """The greatest score inside each component.

    Args:
        components: N components of an (H, W) image.
        score: (H, W) float.

    Returns:
        (N,), the score's dtype.
    """
    maxima = np.full(len(components) + 1, -np.inf, score.dtype)
    inside = components.labels > 0
    np.maximum.at(maxima, components.labels[inside], components.crop(score)[inside])
    return maxima[1:]
