"""Write COCO JSON of moving targets."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmirstd.utils.files import write_text

CATEGORIES = [{'supercategory': 'none', 'id': 1, 'name': 'target'}]


def categories(names: Sequence[str]) -> list[dict[str, Any]]:
    """Categories with these names, whose IDs count from 1."""
    return [dict(CATEGORIES[0], id=number, name=name) for number, name in enumerate(names, 1)]


def coco_box(bbox: list[float] | tuple[float, ...], category_id: int = 1) -> dict[str, Any]:
    """The keys of an annotation that follow from x, y, width, height."""
    return {
        'bbox': [round(float(value), 4) for value in bbox],
        'area': round(float(bbox[2] * bbox[3]), 4),
        'category_id': category_id,
        'iscrowd': 0,
        'segmentation': [[]],
    }


def write_if_changed(path: str | os.PathLike[str], data: Any) -> bool:
    """Write a file in one step, unless it holds just this already.

    Returns:
        Whether it was written.
    """
    path = Path(path)
    text = json.dumps(data) + '\n'
    if path.is_file() and path.read_text(encoding='utf-8') == text:
        return False
    write_text(path, text)
    return True
