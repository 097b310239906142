"""YOLO's label files to COCO JSON."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmirstd.utils.errors import DataError, MissingDataError

from ..box_checks import check_boxes
from ..image_io import IMAGE_SUFFIXES
from ..image_size import image_size
from ..listed_paths import image_exists, without_leading_folders
from ..sequences import natural_key
from ..text_file import read_text
from ..yolo_labels import find_yolo_labels, read_yolo_labels
from .coco_json import coco_box, write_if_changed


def read_class_names(path: str | os.PathLike[str]) -> list[str]:
    """Class names by index, from a ``data.yaml`` (its ``names``) or a text file with one name a line.

    Raises:
        MissingDataError: No such file.
        DataError: It holds no names.
    """
    text = read_text(path, 'class names')
    if Path(path).suffix.lower() not in ('.yaml', '.yml'):
        names = [line.strip() for line in text.splitlines() if line.strip()]
    else:
        import yaml

        try:
            content = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise DataError(f'{path}: not valid YAML ({error})') from None
        found = content.get('names') if isinstance(content, dict) else None
        names = [str(found[key]) for key in sorted(found)] if isinstance(found, dict) else list(map(str, found or []))
    if not names:
        raise DataError(f'{path}: no class names; expected "names: [drone, ...]", or one name a line in a text file')
    return names


def convert(
    source: str | os.PathLike[str], out: str | os.PathLike[str], names: Sequence[str] = ('target',)
) -> dict[str, Any]:
    """Write the JSON for the images of a folder or of a list, with the label file of each.

    Args:
        source: Folder of images, searched with its subfolders, or a text file with one image a line, whose paths are
            relative to its own folder.
        out: JSON file to write; paths in it are relative to the folder, or to that of the list.
        names: Class names by index.

    Returns:
        ``images, boxes, unlabeled`` (images without a label file: without targets), ``repaired`` (boxes that
        rounding had let reach over the edge of the image, and that were cut).

    Raises:
        MissingDataError: An image is missing, or no image has a label file.
        DataError: A label file cannot be understood, or has a class without a name.
    """
    source = Path(source)
    root, listed = _images(source)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    unlabeled = repaired = 0
    for path in listed:
        height, width = image_size(root / path)
        images.append({'id': len(images) + 1, 'file_name': path, 'height': height, 'width': width})
        labels = find_yolo_labels(root / path)
        unlabeled += labels is None
        for box in read_yolo_labels(labels) if labels else ():
            if not 0 <= box.label < len(names):
                raise DataError(
                    f'{labels}: class {box.label}, but there are names for {len(names)} classes only '
                    f'({", ".join(names)}); give all of them (--names data.yaml)'
                )
            x, y, w, h = box.in_pixels(height, width)
            kept, found, first = check_boxes([dict(bbox=[x, y, x + w, y + h])], width, height, 'clip')
            if not kept:
                raise DataError(f'{labels}: {first}; correct or remove this line')
            repaired += bool(found)
            x1, y1, x2, y2 = kept[0]['bbox']
            annotations.append(
                {
                    'id': len(annotations) + 1,
                    'image_id': len(images),
                    **coco_box((x1, y1, x2 - x1, y2 - y1)),
                    'category_id': box.label + 1,
                }
            )
    if unlabeled == len(images):
        raise MissingDataError(
            f'{source}: none of its {len(images)} images has a label file; expected labels/NAME.txt '
            'in place of images/NAME.png, or NAME.txt beside the image'
        )
    categories = [{'supercategory': 'none', 'id': k, 'name': name} for k, name in enumerate(names, 1)]
    write_if_changed(
        out, {'info': {'source': source.name}, 'images': images, 'annotations': annotations, 'categories': categories}
    )
    return dict(images=len(images), boxes=len(annotations), unlabeled=unlabeled, repaired=repaired)


def _images(source: Path) -> tuple[Path, list[str]]:
    """The folder to which paths are relative, and the paths."""
    if source.is_dir():
        found = sorted(
            (
                path.relative_to(source).as_posix()
                for path in source.rglob('*')
                if path.suffix.lower() in IMAGE_SUFFIXES
            ),
            key=natural_key,
        )
        if not found:
            raise MissingDataError(
                f'{source}: no image in this folder; expected files ending in {", ".join(IMAGE_SUFFIXES)}'
            )
        return source, found
    lines = [line.strip().replace('\\', '/') for line in read_text(source, 'one image path per line').splitlines()]
    lines = [line for line in lines if line]
    root = source.parent
    rests = without_leading_folders(lines, lambda path: image_exists(root, path)) if lines else None
    missing = [line for line in (rests[0] if rests else lines) if not (root / line).is_file()]
    if rests is None or missing:
        raise MissingDataError(
            f'{source}: {len(missing)} of its {len(lines)} images are missing, the first is '
            f'{missing[0] if missing else "not named"}; expected paths relative to {root}'
        )
    return root, rests[0]
