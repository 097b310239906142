"""The images a network can begin with: PAL finds an outline around their points without any network."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

# As in the official code: Canny's thresholds, in gray levels of 8 bits, and the largest area within an outline.
_CANNY = (20, 40)
_LARGEST = 50
_KERNEL = np.ones((3, 3), np.uint8)


def easy_label(
    image: NDArray[np.uint8], points: NDArray[np.int64], reach: int = 10, share: float = 0.8
) -> NDArray[np.uint8] | None:
    """The label of an image whose targets have clear edges.

    Around each point the image minus its 3x3 Gaussian blur goes through Canny's detector; edges are closed, and the
    outer outline that holds the point is filled. It counts if its area, between pixel centers, is at most 50.

    Args:
        image: (H, W) gray levels of 8 bits.
        points: (N, 2) row and column.
        reach: How far the patch around a point extends, pixels.
        share: The least share of points with an outline.

    Returns:
        (H, W) {0, 1}: the outlines and all points; None for a hard image. An image without points is easy.
    """
    label = np.zeros(image.shape, np.uint8)
    found = 0
    for row, column in points.tolist():
        top, left = max(row - reach, 0), max(column - reach, 0)
        patch = image[top : row + reach, left : column + reach]
        outline = _outline(patch, (row - top, column - left))
        if outline is not None:
            found += 1
            label[top : row + reach, left : column + reach] |= outline
    if found < share * len(points):
        return None
    label[tuple(points.T)] = 1
    return label


def _outline(patch: NDArray[np.uint8], point: tuple[int, int]) -> NDArray[np.uint8] | None:
    """The filled outline that holds a pixel, (h, w) {0, 1}."""
    sharp = cv2.subtract(patch, cv2.GaussianBlur(patch, (3, 3), 0))
    edges: Any = cv2.erode(cv2.dilate(cv2.Canny(sharp, *_CANNY), _KERNEL), _KERNEL)
    for contour in cv2.findContours(edges, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]:
        filled: Any = cv2.fillPoly(np.zeros(patch.shape, np.uint8), [contour], 1)
        if filled[point]:
            return None if cv2.contourArea(contour) > _LARGEST else filled
    return None
