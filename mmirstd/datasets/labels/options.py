"""What a label file leaves open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..mask_values import MaskRule


@dataclass(frozen=True)
class ReadOptions:
    """How label files are read.

    Attributes:
        images: Folder of the images; None: they are looked for below the source.
        names: Class names: by index for YOLO and text lists; for the others their order, and no further one is allowed.
        box_format: ``'xywh'`` or ``'xyxy'``, of COCO; None: COCO's, and boxes that can only be corners are an error.
        corners: A key of ``choices.CORNERS``; None: ``'edges'`` where a corner is 0, else ``'voc'``.
        units: A key of ``choices.UNITS``; None: pixels in COCO unless all boxes lie within 0 to 1, shares in YOLO.
        mask_rule: Which values of a mask are target, see ``mask_values.MASK_RULES``.
        by_number: An image that no name fits is found by its folder and the number in its name (``12`` for
            ``000012.png``): right for the frames of sequences, a guess for others.
        keypoints_first: A COCO target with one keypoint is that point, also where it has a box or an outline.
    """

    images: Path | None = None
    names: Sequence[str] | None = None
    box_format: str | None = None
    corners: str | None = None
    units: str | None = None
    mask_rule: MaskRule = 'auto'
    by_number: bool = False
    keypoints_first: bool = False
