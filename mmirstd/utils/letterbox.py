"""Where a letterbox puts an image, and the way back: shared by the transform and the detectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor


def fit_letterbox(
    shape: tuple[int, int], size: tuple[int, int], center: bool = False
) -> tuple[tuple[int, int], tuple[int, int, int, int]]:
    """Place an image in a letterbox, with its aspect ratio kept.

    The scale is ``min(H / h, W / w)``; sides are rounded down, as in SSTNet's data loader.

    Args:
        shape: Height and width of the image in pixels.
        size: Height and width of the letterbox in pixels.
        center: Image in the middle, or at the top left.

    Returns:
        Height and width of the resized image, at least 1 each; and the border (top, bottom, left, right) in pixels.
    """
    height, width = shape
    scale = min(size[1] / width, size[0] / height)
    new_width, new_height = max(1, int(width * scale)), max(1, int(height * scale))
    free = size[0] - new_height, size[1] - new_width
    top, left = (free[0] // 2, free[1] // 2) if center else (0, 0)
    return (new_height, new_width), (top, free[0] - top, left, free[1] - left)


@overload
def undo_letterbox(boxes: Tensor, scale_factor: Sequence[float], pad_param: Sequence[float]) -> Tensor: ...


@overload
def undo_letterbox(boxes: NDArray[Any], scale_factor: Sequence[float], pad_param: Sequence[float]) -> NDArray[Any]: ...


def undo_letterbox(boxes: Any, scale_factor: Sequence[float], pad_param: Sequence[float]) -> Any:
    """Bring boxes back to the original image.

    Args:
        boxes: (N, 4), x1, y1, x2, y2 in pixels of the letterboxed image (NumPy or torch).
        scale_factor: (width, height) of the resize.
        pad_param: (top, bottom, left, right) in pixels.

    Returns:
        (N, 4) in pixels of the original image, not clipped; the type of ``boxes``.
    """
    top, _, left, _ = pad_param
    moved = boxes.clone() if hasattr(boxes, 'clone') else np.array(boxes)
    for columns, offset, scale in (
        (slice(0, None, 2), left, scale_factor[0]),
        (slice(1, None, 2), top, scale_factor[1]),
    ):
        moved[:, columns] = (boxes[:, columns] - offset) / scale
    return moved
