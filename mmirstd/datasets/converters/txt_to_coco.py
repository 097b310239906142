"""SSTNet's text lists to COCO JSON."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

from mmirstd.utils.errors import DataError

from ..box_checks import check_boxes
from ..image_size import image_size
from ..txt_list import read_txt_list, relative_paths
from .coco_json import CATEGORIES, coco_box, write_if_changed


def convert(
    list_file: str | os.PathLike[str],
    out: str | os.PathLike[str],
    root: str | os.PathLike[str] | None = None,
    strip: str | None = None,
    size: tuple[int, int] | None = None,
    bad_box: str = 'error',
) -> dict[str, Any]:
    """Write the JSON for a list; the lists know one class, which becomes the category ``target``.

    Args:
        list_file: Lines ``path x1,y1,x2,y2,class ...``.
        out: JSON file to write; paths in it are relative to ``root``.
        root: The data set's folder; needed unless ``size`` and ``strip`` are given.
        strip: What to take off the front of the listed paths; None finds it, which needs the images.
        size: Height and width of all images; None reads them from the files.
        bad_box: A key of :data:`~..box_checks.BAD_BOX`.

    Returns:
        ``images, boxes, sequences, bad`` (bad boxes by kind).

    Raises:
        MissingDataError: The list or an image is missing.
        DataError: A line cannot be understood, or a box is bad and ``bad_box`` is ``'error'``.
        ValueError: Neither ``root`` nor ``size`` and ``strip``.
    """
    if root is None and (size is None or strip is None):
        raise ValueError('without the images (root) both size and strip must be given')
    listed = read_txt_list(list_file)
    paths = relative_paths(listed, root or '', strip)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    bad: Counter[str] = Counter()
    sequences: dict[str, int] = {}
    for line, path in zip(listed, paths):
        video = sequences.setdefault(os.path.dirname(path), len(sequences) + 1)
        height, width = size or image_size(Path(root or '', path))
        images.append(
            {'id': len(images) + 1, 'file_name': path, 'height': int(height), 'width': int(width), 'video_id': video}
        )
        kept, found, first = check_boxes([dict(bbox=box) for box in line.boxes], width, height, bad_box)
        bad += found
        if found and bad_box == 'error':
            raise DataError(
                f"{list_file}, line {line.line}: {path}: {first}; correct the list, or use bad_box='clip' or 'drop'"
            )
        for instance in kept:
            x1, y1, x2, y2 = instance['bbox']
            annotations.append(
                {'id': len(annotations) + 1, 'image_id': len(images), **coco_box((x1, y1, x2 - x1, y2 - y1))}
            )
    videos = [{'id': number, 'name': name or '.'} for name, number in sequences.items()]
    write_if_changed(
        out,
        {
            'info': {'source': Path(list_file).name},
            'videos': videos,
            'images': images,
            'annotations': annotations,
            'categories': CATEGORIES,
        },
    )
    return dict(images=len(images), boxes=len(annotations), sequences=len(sequences), bad=dict(bad))
