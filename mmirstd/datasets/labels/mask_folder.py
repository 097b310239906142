"""Masks: ``images/ID.png``, ``masks/ID.png`` and lists of IDs in ``img_idx``."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.components import label_components
from mmirstd.utils.errors import DataError, MissingDataError, first_few
from mmirstd.utils.png import encode_png

from ..folder_index import MASK_STEMS, FolderIndex
from ..image_io import IMAGE_SUFFIXES, read_mask
from ..split_file import read_split_entries
from .classes import TARGET
from .image_files import ImageFolder
from .label_set import Annotation, LabeledImage, LabelSet
from .options import ReadOptions
from .placing import Placing
from .shapes import Box, Mask, Point, filled, mask_of, soft_spot

NAME = 'masks'
_SPLIT = re.compile(r'trainval|train|val|test', re.IGNORECASE)
_MASK_FOLDERS = ('masks', 'mask', 'labels', 'label', 'gt')


def find(source: Path) -> list[Path]:
    """The folder of masks below a source, if it has one."""
    folders = [source / name for name in _MASK_FOLDERS] if source.is_dir() else []
    return [folder for folder in folders if folder.is_dir() and _images_in(folder)][:1]


def label_files(root: Path) -> list[Path]:
    """The masks of a data set that :func:`write` wrote."""
    return _images_in(root / 'masks')


def _images_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob('*') if path.suffix.lower() in IMAGE_SUFFIXES)


def read(source: Path, options: ReadOptions) -> LabelSet:
    """Read a folder; each 8-connected part of a mask is a target, as in the evaluation."""
    masks = find(source)[0]
    images = options.images or next(
        (source / name for name in ('images', 'image', 'imgs', 'img') if (source / name).is_dir()), None
    )
    if images is None:
        raise MissingDataError(f'{source}: has {masks.name}/ but no images/; name the folder with --images')
    folder, index = ImageFolder(images), FolderIndex(str(masks), MASK_STEMS)
    labels = LabelSet(str(source), list(options.names or [TARGET])[:1], [])
    missing = []
    for split, name, mask_id in _samples(source, folder, labels.notes):
        path = index.find(mask_id)
        if path is None:
            missing.append(f'{name}: expected {index.expected(mask_id)}')
            continue
        mask = read_mask(path, options.mask_rule)
        height, width = mask.shape
        image = LabeledImage(name, folder.path(name), height, width, split=split, where=path)
        image.annotations = [Annotation(part) for part in parts_of(mask)]
        labels.images.append(image)
    if missing:
        raise MissingDataError(
            f'{source}: {len(missing)} images have no mask:\n{first_few(missing)}\nAdd the masks (all 0: no target), '
            'or remove the images'
        )
    return labels


def _samples(source: Path, folder: ImageFolder, notes: list[str]) -> list[tuple[str | None, str, str]]:
    """Split, image and the ID of the mask."""
    samples: list[tuple[str | None, str, str]] = []
    for split, path in _lists(source, notes).items():
        for entry in read_split_entries(path):
            name = folder.find(entry.image)
            if name is None:
                raise MissingDataError(f'{path}, line {entry.line}: there is no image {entry.image!r} in {folder.root}')
            samples.append((split, name, entry.mask or os.path.splitext(name)[0]))
    if not samples:
        return [(None, name, os.path.splitext(name)[0]) for name in folder.names]
    unlisted = set(folder.names) - {name for _, name, _ in samples}
    if unlisted:
        notes.append(f'{len(unlisted)} images are in no list and left out, the first is {min(unlisted)}')
    return samples


def _lists(source: Path, notes: list[str]) -> dict[str, Path]:
    """The list of each split: ``train.txt``, or a name such as ``idx427_train.txt``."""
    paths = [path for place in (source / 'img_idx', source) for path in sorted(place.glob('*.txt'))]
    paths = [path for path in paths if _SPLIT.search(path.stem) and path.stat().st_size]
    found: dict[str, Path] = {}
    for path in [path for path in paths if _SPLIT.fullmatch(path.stem)] or paths:
        match = _SPLIT.search(path.stem)
        assert match is not None
        split = match[0].lower()
        if split in found and found[split].parent == path.parent:
            notes.append(
                f'{found[split]} and {path} are both lists for {split}: none is taken; keep those of one protocol, '
                'or name them train.txt, val.txt and test.txt'
            )
            return {}
        found.setdefault(split, path)
    whole = found.pop('trainval', None)
    if whole is not None and not found.keys() & {'train', 'val'}:
        notes.append(f'{whole} is taken for the training list')
        found['train'] = whole
    return found


def parts_of(mask: NDArray[np.uint8]) -> list[Mask]:
    """The 8-connected parts of a mask, in raster order of their first pixels.

    Args:
        mask: (H, W), not 0 on targets.
    """
    components = label_components(mask)
    top, left = components.window[:2]
    parts = []
    for number, (y1, x1, y2, x2) in enumerate(components.boxes.tolist(), 1):
        part = mask_of(components.labels[y1 - top : y2 - top, x1 - left : x2 - left] == number, x1, y1)
        assert part is not None
        parts.append(part)
    return parts


def write(labels: LabelSet, placing: Placing, fill: str = 'ellipse') -> list[str]:
    """Write ``images``, ``masks`` (0 and 255) and ``img_idx``.

    Args:
        labels: The data set.
        placing: Where to.
        fill: A key of ``choices.FILLS``, for boxes.

    Returns:
        What the format does not hold.
    """
    lost = Counter[str]()
    listed: dict[str | None, list[str]] = {}
    for image in labels.images:
        placing.place(image, 'images')
        listed.setdefault(image.split, []).append(image.stem)
        canvas = np.zeros(image.size, np.uint8)
        kept = 0
        for annotation in image.annotations:
            lost['ignored targets are left out'] += annotation.ignore
            if annotation.ignore:
                continue
            kept += 1
            _draw(canvas, annotation, fill)
        lost['targets touch another one and are one with it in the mask'] += max(
            kept - len(label_components(canvas >= 128)), 0
        )
        placing.label(f'masks/{image.stem}.png', encode_png(canvas))
    for split, stems in listed.items():
        if split is not None:
            placing.label(f'img_idx/{split}.txt', ''.join(f'{stem}\n' for stem in stems))
    notes = [f'{count} {text}' for text, count in lost.items() if count]
    if len(labels.classes) > 1:
        notes.append(f'masks know one class: {", ".join(labels.classes)} all became target')
    return notes


def _draw(canvas: NDArray[np.uint8], annotation: Annotation, fill: str) -> None:
    shape = annotation.shape
    if isinstance(shape, Point):
        raise DataError(
            'a mask needs the size of a target; give it with --point-size, or take it from the image with --grow-points'
        )
    if isinstance(shape, Box) and fill == 'gaussian':
        left, top, values = soft_spot(shape, canvas.shape[0], canvas.shape[1])
        part = canvas[top : top + values.shape[0], left : left + values.shape[1]]
        np.maximum(part, np.rint(values * 255).astype(np.uint8), out=part)
        return
    inside = filled(shape, canvas.shape[0], canvas.shape[1], ellipse=fill != 'box')
    if inside is not None:
        rows, columns = inside.pixels.shape
        canvas[inside.top : inside.top + rows, inside.left : inside.left + columns][inside.pixels] = 255
