"""SSTNet's text lists to COCO JSON."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmirstd.utils.errors import DataError

from ..box_checks import check_boxes
from ..image_size import image_size
from ..txt_list import ListedImage, read_txt_list, relative_paths
from .coco_json import CATEGORIES, categories, coco_box, write_if_changed


def convert(
    list_file: str | os.PathLike[str],
    out: str | os.PathLike[str],
    root: str | os.PathLike[str] | None = None,
    strip: str | None = None,
    size: tuple[int, int] | None = None,
    bad_box: str = 'error',
    names: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Write the JSON for a list.

    Args:
        list_file: Lines ``path x1,y1,x2,y2,class ...``.
        out: JSON file to write; paths in it are relative to ``root``.
        root: The data set's folder; needed unless ``size`` and ``strip`` are given.
        strip: What to take off the front of the listed paths; None finds it, which needs the images.
        size: Height and width of all images; None reads them from the files.
        bad_box: A key of :data:`~..box_checks.BAD_BOX`.
        names: Of the classes, by their numbers in the list; None: a list of one class has ``target``.

    Returns:
        ``images, boxes, sequences, bad`` (bad boxes by kind), ``classes`` (names).

    Raises:
        MissingDataError: The list or an image is missing.
        DataError: A line cannot be understood, a box is bad and ``bad_box`` is ``'error'``, or a class has no name.
        ValueError: Neither ``root`` nor ``size`` and ``strip``.
    """
    if root is None and (size is None or strip is None):
        raise ValueError('without the images (root) both size and strip must be given')
    listed = read_txt_list(list_file)
    names = _names(list_file, listed, names)
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
        boxes = [dict(bbox=box, label=label) for box, label in zip(line.boxes, line.classes)]
        kept, found, first = check_boxes(boxes, width, height, bad_box)
        bad += found
        if found and bad_box == 'error':
            raise DataError(
                f"{list_file}, line {line.line}: {path}: {first}; correct the list, or use bad_box='clip' or 'drop'"
            )
        for instance in kept:
            x1, y1, x2, y2 = instance['bbox']
            # a list without names has one class, whatever its number
            box = coco_box((x1, y1, x2 - x1, y2 - y1), 1 if len(names) == 1 else instance['label'] + 1)
            annotations.append({'id': len(annotations) + 1, 'image_id': len(images), **box})
    videos = [{'id': number, 'name': name or '.'} for name, number in sequences.items()]
    write_if_changed(
        out,
        {
            'info': {'source': Path(list_file).name},
            'videos': videos,
            'images': images,
            'annotations': annotations,
            'categories': categories(names),
        },
    )
    return dict(images=len(images), boxes=len(annotations), sequences=len(sequences), bad=dict(bad), classes=names)


def _names(list_file: str | os.PathLike[str], listed: Sequence[ListedImage], names: Sequence[str] | None) -> list[str]:
    """Names of the classes by number.

    Raises:
        DataError: A class has none.
    """
    used = sorted({label for line in listed for label in line.classes})
    if names is None and len(used) <= 1:
        return [str(CATEGORIES[0]['name'])]
    unnamed = [label for label in used if not 0 <= label < len(names or ())]
    if unnamed:
        raise DataError(
            str(list_file),
            found=f'boxes of the class{"es" if len(used) > 1 else ""} {", ".join(map(str, used))}',
            expected=f'names for all of them; there are {len(names or ())}',
            cure='--names with the name of each class, from class 0 on',
        )
    return list(names or ())
