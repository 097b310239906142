"""Boxes of a mask's targets."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from mmirstd.utils.components import label_components


def boxes_of_mask(mask: NDArray[Any]) -> list[list[float]]:
    """The boxes of a mask's 8-connected components, in raster order of their corners.

    Args:
        mask: (H, W) uint8, non-zero on targets.

    Returns:
        ``[x1, y1, x2, y2]`` in pixel edges: a target in column 3 alone spans x from 3 to 4.
    """
    corners = label_components(mask).boxes[:, (1, 0, 3, 2)].astype(float).tolist()
    return sorted(corners, key=lambda box: (box[1], box[0]))


def instances_of_mask(mask: NDArray[Any], label: int = 0) -> list[dict[str, Any]]:
    """Instances of a mask's 8-connected components, see :func:`boxes_of_mask`."""
    return [dict(bbox=box, bbox_label=label, ignore_flag=0) for box in boxes_of_mask(mask)]
