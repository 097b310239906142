"""Connected components: the targets and the predicted targets of a binary map."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

T = TypeVar('T', bound=np.generic)


@dataclass(frozen=True)
class Components:
    """8-connected components, in raster order of each one's first pixel.

    Attributes:
        areas: (N,) int64, pixels.
        sums: (N, 2) int64, sums of the row and of the column indices.
        rectangles: (N, 4) int32: left, top, width, height.
        window: Top, left, bottom, right of the smallest box around all components.
        raw_labels: (h, w) uint16 or int32 inside ``window``, in OpenCV's order; see :attr:`labels`.
        renumber: (N + 1,) from OpenCV's order to ours, None when they agree.
    """

    areas: NDArray[np.int64]
    sums: NDArray[np.int64]
    rectangles: NDArray[np.int32]
    window: tuple[int, int, int, int]
    raw_labels: NDArray[Any]
    renumber: NDArray[Any] | None = None

    def __len__(self) -> int:
        return len(self.areas)

    @cached_property
    def labels(self) -> NDArray[Any]:
        """(h, w) integers inside ``window``: 0 background, i + 1 component i."""
        return self.raw_labels if self.renumber is None else self.renumber[self.raw_labels]

    @property
    def centroids(self) -> NDArray[np.float64]:
        """(N, 2) float64: unweighted row and column means."""
        means: NDArray[np.float64] = self.sums / self.areas[:, None]
        return means

    @property
    def boxes(self) -> NDArray[np.int32]:
        """(N, 4) int32: top, left, bottom, right (the last two exclusive)."""
        corners = self.rectangles[:, (1, 0, 1, 0)]
        corners[:, 2:] += self.rectangles[:, (3, 2)]
        return corners

    def crop(self, image: NDArray[T]) -> NDArray[T]:
        """The part of an (H, W) map that lies inside ``window`` (a view)."""
        top, left, bottom, right = self.window
        return image[top:bottom, left:right]


_NONE = Components(
    np.zeros(0, np.int64),
    np.zeros((0, 2), np.int64),
    np.zeros((0, 4), np.int32),
    (0, 0, 0, 0),
    np.zeros((0, 0), np.int32),
)


def _raster_order(labels: NDArray[Any], stats: NDArray[Any]) -> NDArray[Any] | None:
    """The order of N components by their first pixel, None when they are in it already.

    Args:
        labels: (h, w) integers, 0 background, i + 1 component i.
        stats: (N, 5) OpenCV's left, top, width, height, area inside ``labels``.
    """
    left, top = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_TOP]
    if (top[1:] > top[:-1]).all():
        return None
    # The first pixel lies in the top row of the box: step right from its corner until it is found.
    column = left.copy()
    missing = np.arange(len(stats))
    while True:
        missing = missing[labels[top[missing], column[missing]] != missing + 1]
        if not len(missing):
            break
        column[missing] += 1
    order = np.argsort(top.astype(np.int64) * labels.shape[1] + column)
    return None if (order[1:] > order[:-1]).all() else order


def label_components(mask: NDArray[Any], offset: tuple[int, int] = (0, 0)) -> Components:
    """Label the 8-connected components of a binary map.

    Only the bounding box of the positive pixels is labeled: with small targets
    that is most of the speed. Sums, not centroids, are kept, since a centroid
    from integer sums of full-image coordinates has the very bits that
    skimage's ``regionprops`` gives, and strict ``< 3`` decisions hang on them.

    Args:
        mask: (H, W) bool or uint8.
        offset: Row and column of the map's first pixel in the image, when it is a crop.

    Returns:
        The components in the order in which skimage's ``label`` numbers them, in image coordinates.
    """
    binary = np.ascontiguousarray(mask).view(np.uint8) if mask.dtype == np.bool_ else (mask != 0).view(np.uint8)
    left, top, width, height = cv2.boundingRect(binary)
    if not width:
        return _NONE
    # 16-bit labels are twice as fast; no map has more components than 2x2 blocks.
    blocks = (height // 2 + 1) * (width // 2 + 1)
    _, labels, stats, centroids = cv2.connectedComponentsWithStats(
        binary[top : top + height, left : left + width],
        connectivity=8,
        ltype=cv2.CV_16U if blocks < 1 << 16 else cv2.CV_32S,
    )
    stats, centroids, renumber = stats[1:], centroids[1:], None
    if len(stats) > 1:
        # OpenCV numbers by blocks of pixels; the official greedy rules depend on raster order.
        order = _raster_order(labels, stats)
        if order is not None:
            renumber = np.zeros(len(stats) + 1, labels.dtype)
            renumber[order + 1] = np.arange(1, len(stats) + 1, dtype=labels.dtype)
            stats, centroids = stats[order], centroids[order]
    top, left = top + offset[0], left + offset[1]
    areas = stats[:, cv2.CC_STAT_AREA].astype(np.int64)
    # x, y means of the crop -> exact integer sums of rows, columns of the image
    column = areas[:, None]
    sums = np.rint(centroids[:, ::-1] * column).astype(np.int64) + column * (top, left)
    return Components(
        areas,
        sums,
        np.asarray(stats[:, :4], np.int32) + np.array((left, top, 0, 0), np.int32),
        (top, left, top + height, left + width),
        labels,
        renumber,
    )


def hit_components(components: Components, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which components contain at least one positive pixel of ``mask``.

    Args:
        components: N components of an (H, W) image.
        mask: (H, W) bool.

    Returns:
        (N,) bool.
    """
    labels = components.labels[components.crop(mask)]
    return np.bincount(labels, minlength=len(components) + 1)[1:] > 0


def component_maxima(components: Components, score: NDArray[Any]) -> NDArray[Any]:
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
