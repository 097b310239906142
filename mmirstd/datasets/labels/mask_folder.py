"""Masks: ``images/ID.png``, ``masks/ID.png`` and lists of IDs in ``img_idx``, and the layouts of others."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.components import label_components
from mmirstd.utils.errors import ConfigError, DataError, MissingDataError, first_few
from mmirstd.utils.png import encode_png

from ..folder_index import MASK_STEMS, FolderIndex
from ..image_io import IMAGE_SUFFIXES, read_mask
from ..mask_layout import (
    MASK_FOLDERS,
    SPLIT_FOLDERS,
    SPLIT_WORD,
    MaskPart,
    folder_of,
    list_folders,
    lists_in,
    mask_parts,
    names_any,
    sequence_parts,
    split_of,
)
from ..split_file import read_split_entries
from .classes import TARGET
from .image_files import ImageFolder
from .label_set import Annotation, LabeledImage, LabelSet
from .options import ReadOptions
from .placing import Placing
from .shapes import Box, Mask, Point, filled, mask_of, soft_spot

NAME = 'masks'


def find(source: Path) -> list[Path]:
    """The folders of masks of a source."""
    return [part.masks for part in _parts(source) if part.masks is not None]


def _parts(source: Path) -> list[MaskPart]:
    if not source.is_dir():
        return []
    parts = mask_parts(source)
    if not parts and (masks := folder_of(source, MASK_FOLDERS)) is not None:
        return [MaskPart(source, masks)]  # the images are elsewhere
    return parts or sequence_parts(source)


def label_files(root: Path) -> list[Path]:
    """The masks of a data set that :func:`write` wrote."""
    return _images_in(root / 'masks')


def _images_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob('*') if path.suffix.lower() in IMAGE_SUFFIXES)


def read(source: Path, options: ReadOptions) -> LabelSet:
    """Read a data set; each 8-connected part of a mask is a target, as in the evaluation."""
    labels = LabelSet(str(source), list(options.names or [TARGET])[:1], [])
    parts = _parts(source)
    without = [part for part in parts if part.masks is None]
    if without:
        raise MissingDataError(
            f'{without[0].images}: there are no masks of these images; expected a folder masks/ beside'
        )
    if options.images is not None and len(parts) > 1:
        raise ConfigError(
            f'{source}: has {len(parts)} folders of images, and --images names one', cure='convert them one by one'
        )
    if parts[0].images == source and options.images is None:
        raise MissingDataError(f'{source}: has {parts[0].masks} but no images/; name the folder with --images')
    missing: list[str] = []
    for part in parts:
        labels.images += _images(source, part, options, whole=len(parts) == 1, notes=labels.notes, missing=missing)
    if parts[0].sequence is not None:
        called = [part.sequence for part in parts if str(part.sequence).lower() in SPLIT_FOLDERS]
        if called:
            labels.notes.append(
                f'{" and ".join(map(str, called))} beside the other sequences are taken for sequences, not for splits'
            )
        labels.images = _listed_sequences(labels.images, source, labels.notes)
    if missing:
        raise MissingDataError(
            f'{source}: {len(missing)} images have no mask:\n{first_few(missing)}\nAdd the masks (all 0: no target), '
            'or remove the images'
        )
    return labels


def _images(
    source: Path, part: MaskPart, options: ReadOptions, *, whole: bool, notes: list[str], missing: list[str]
) -> list[LabeledImage]:
    """The images of a folder with their targets.

    Args:
        source: Of the data set.
        part: The folders.
        options: As in :func:`read`.
        whole: They are the whole data set, so that its lists are those of these images.
        notes: What is to be said is added.
        missing: Images without a mask are added.
    """
    assert part.masks is not None
    folder, index = ImageFolder(options.images or part.images), FolderIndex(str(part.masks), MASK_STEMS)
    images = []
    for split, name, mask_id in _samples(source if whole else None, folder, notes):
        path = index.find(mask_id)
        if path is None:
            missing.append(f'{name}: expected {index.expected(mask_id)}')
            continue
        mask = read_mask(path, options.mask_rule)
        height, width = mask.shape
        image = LabeledImage(name, folder.path(name), height, width, where=path)
        image.split = split or split_of([part.split] if part.split else Path(name).parts[:-1])
        if part.sequence is not None:
            image.name, image.video = f'{part.sequence}/{name}', part.sequence
        image.annotations = [Annotation(target) for target in parts_of(mask)]
        images.append(image)
    return images


def _samples(source: Path | None, folder: ImageFolder, notes: list[str]) -> list[tuple[str | None, str, str]]:
    """Split, image and the ID of the mask; without a source there are no lists."""
    samples: list[tuple[str | None, str, str]] = []
    below: dict[str, list[str]] = {}
    for name in folder.names:
        below.setdefault(os.path.dirname(name), []).append(name)
    names = {part for name in folder.names for part in Path(name).with_suffix('').parts}
    for split, path in (_lists(source, notes, names) if source is not None else {}).items():
        for entry in read_split_entries(path):
            if entry.image in below:  # a sequence
                samples += [(split, frame, os.path.splitext(frame)[0]) for frame in below[entry.image]]
                continue
            found = folder.find(entry.image)
            if found is None:
                raise MissingDataError(f'{path}, line {entry.line}: there is no image {entry.image!r} in {folder.root}')
            samples.append((split, found, entry.mask or os.path.splitext(found)[0]))
    if not samples:
        return [(None, name, os.path.splitext(name)[0]) for name in folder.names]
    times = Counter(name for _, name, _ in samples)
    twice = [name for name, count in times.items() if count > 1]
    if twice:
        notes.append(f'{len(twice)} images are in several lists, the first is {twice[0]}')
    unlisted = set(folder.names) - set(times)
    if unlisted:
        notes.append(f'{len(unlisted)} images are in no list and left out, the first is {min(unlisted)}')
    return samples


def _listed_sequences(images: list[LabeledImage], source: Path, notes: list[str]) -> list[LabeledImage]:
    """The frames that lists name, as ``SEQUENCE`` or ``SEQUENCE/FOLDER/FRAME``; all where there is no list."""
    frames: dict[str, list[LabeledImage]] = {}
    for image in images:
        frames.setdefault(str(image.video), []).append(image)
    by_stem = {(name, Path(image.name).stem): image for name, listed in frames.items() for image in listed}
    divided: dict[tuple[str, str], LabeledImage] = {}
    names = {part for name, stem in by_stem for part in (*name.split('/'), stem)}
    for split, path in _lists(source, notes, names).items():
        for entry in read_split_entries(path):
            parts = entry.image.removesuffix('.mat').split('/')
            # folders of another machine may stand in front
            starts = [(start, end) for start in range(len(parts)) for end in range(len(parts), start, -1)]
            name, end = next(
                ((name, end) for start, end in starts if (name := '/'.join(parts[start:end])) in frames), ('', 0)
            )
            frame = by_stem.get((name, parts[-1]))
            if not name or (frame is None and end < len(parts)):
                raise MissingDataError(
                    f'{path}, line {entry.line}: there is no sequence or frame {entry.image!r} in {source}'
                )
            for image in frames[name] if frame is None or end == len(parts) else [frame]:
                divided.setdefault((split, image.name), replace(image, split=split))
    if divided:
        unlisted = {image.name for image in images} - {name for _, name in divided}
        if unlisted:
            notes.append(f'{len(unlisted)} images are in no list and left out, the first is {min(unlisted)}')
    return list(divided.values()) or images


def _lists(source: Path, notes: list[str], names: set[str]) -> dict[str, Path]:
    """The list of each split: ``train.txt``, or a name such as ``idx427_train.txt``.

    Args:
        source: The data set.
        notes: What is to be said is added.
        names: Of images and sequences; a text file in a folder that is no usual one has to name one of them.
    """
    usual = (source / 'img_idx', source)
    listed = {place: lists_in(place) for place in list_folders(source)}
    others = [path for place, paths in listed.items() if place not in usual for path in paths]
    none = [path for path in others if not names_any(path, names)]
    if none:
        notes.append(
            f'{len(none)} text files name no image here and are not taken for lists:\n{first_few(list(map(str, none)))}'
        )
    listed = {place: [path for path in paths if path not in none] for place, paths in listed.items()}
    folders = [place for place, paths in listed.items() if paths]
    first = [place for place in folders if place in usual]
    if not first and len(folders) > 1:
        notes.append(
            f'{" and ".join(map(str, folders))} have lists of their own: none is taken; keep those of one protocol'
        )
        return {}
    paths = [path for place in first or folders for path in listed[place]]
    found: dict[str, Path] = {}
    for path in [path for path in paths if SPLIT_WORD.fullmatch(path.stem)] or paths:
        match = SPLIT_WORD.search(path.stem)
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
    if not first and found:
        notes.append(f'the lists are those in {folders[0]}')
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
