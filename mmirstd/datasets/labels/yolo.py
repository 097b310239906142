"""YOLO: a text file an image, boxes or outlines in shares of its size, and ``data.yaml``."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain, count
from pathlib import Path

import numpy as np

from mmirstd.utils.errors import DataError, MissingDataError, first_few

from ..image_io import IMAGE_SUFFIXES
from ..image_size import image_size
from ..listed_paths import image_exists, without_leading_folders
from ..sequences import frame_number, natural_key
from ..text_file import read_text
from ..yolo_labels import YoloBox, find_yolo_labels, read_yolo_labels
from .classes import TARGET, read_class_names, read_yaml
from .label_set import Annotation, LabeledImage, LabelSet
from .options import ReadOptions
from .outlines import outlines
from .placing import Placing
from .shapes import Box, Mask, Point, Polygon, Shape

NAME = 'yolo'
#: Files of class names, the first that exists counts: Ultralytics and Roboflow; labelImg and Label Studio; darknet.
_NAME_FILES = ('data.yaml', 'data.yml', 'dataset.yaml', 'classes.txt', 'obj.names', 'labels/classes.txt')
_YAML = ('.yaml', '.yml')
_SPLITS = ('train', 'val', 'test')
_SPLIT_FOLDERS = {'train': 'train', 'val': 'val', 'valid': 'val', 'test': 'test'}


def find(source: Path) -> list[Path]:
    """The label files below a source; of a list or a ``data.yaml``, itself."""
    if source.is_file():
        if source.suffix.lower() in _YAML:
            return [source]
        return [source] if source.suffix.lower() == '.txt' and _is_list(source) else []
    return [
        path
        for path in source.rglob('*.txt')
        # gt/gt.txt is MOTChallenge's, also where blanks are in place of its commas
        if path.name not in ('classes.txt', 'README.txt') and path.parts[-2:] != ('gt', 'gt.txt') and _is_yolo(path)
    ]


def label_files(root: Path) -> list[Path]:
    """The label files of a data set that :func:`write` wrote; empty ones, too: images without targets."""
    return sorted(path for path in (root / 'labels').rglob('*.txt') if path.name != 'classes.txt')


def _is_list(path: Path) -> bool:
    """Whether each line of a file is an image."""
    lines = [line.strip() for line in read_text(path).splitlines() if line.strip()]
    return bool(lines) and all(Path(line).suffix.lower() in IMAGE_SUFFIXES for line in lines)


def _is_yolo(path: Path) -> bool:
    try:
        with open(path, 'rb') as file:
            tokens = file.readline().split()
        return len(tokens) >= 5 and all(_is_number(token) for token in tokens)
    except OSError:
        return False


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def read(source: Path, options: ReadOptions) -> LabelSet:
    """Read a folder, a ``data.yaml``, or a text file with an image a line.

    An image without a label file has no targets.
    """
    labels = LabelSet(str(source), [], [])
    names, names_file = _names(source, options)
    pose = _is_pose(names_file)
    unlabeled, used, seen = 0, Counter[int](), set[str]()
    orphan_root = source if source.is_dir() else source.parent
    elsewhere = _labels_by_name(source) if options.images and source.is_dir() else {}
    images = _images(source, options, labels.notes)
    numbered = _by_number(f'{name}.txt' for name in elsewhere) if options.by_number else {}
    same_number = _by_number(name for _, _, name in images) if options.by_number else {}
    ambiguous = []
    for split, path, name in images:
        stem = name[: -len(path.suffix)]
        label_file = find_yolo_labels(path) or elsewhere.get(stem)
        if label_file is None and (fits := numbered.get(_folder_and_number(name))):
            if len(fits) == len(same_number[_folder_and_number(name)]) == 1:
                label_file = elsewhere[os.path.splitext(fits[0])[0]]
            else:
                ambiguous.append(f'{name} ({", ".join(fits[:3])})')
        image = LabeledImage(name, path, split=split, where=label_file or str(source))
        labels.images.append(image)
        if label_file is None:
            unlabeled += 1
            continue
        seen.add(os.path.abspath(label_file))
        height, width = (1, 1) if options.units == 'pixels' else image_size(path)
        for box in read_yolo_labels(label_file, options.units == 'pixels', pose):
            used[box.label] += 1
            if names is not None and not 0 <= box.label < len(names):
                raise DataError(
                    f'{label_file}: class {box.label}, but there are names for {len(names)} classes only '
                    f'({", ".join(names)}); give all of them (--names data.yaml)'
                )
            image.annotations.append(Annotation(_shape(box, height, width), box.label))
    if names is None:
        if set(used) - {0}:
            raise DataError(
                f'{source}: the label files have the classes {", ".join(map(str, sorted(used)))}, and no file names '
                'them; give the names with --names (a data.yaml, or a text file with one a line)'
            )
        names = [TARGET]
    labels.classes = names
    if labels.images and unlabeled == len(labels.images):
        raise MissingDataError(
            f'{source}: none of its {len(labels.images)} images has a label file; expected labels/NAME.txt '
            'in place of images/NAME.png, or NAME.txt beside the image'
        )
    if unlabeled:
        labels.notes.append(f'{unlabeled} images have no label file: without targets')
    if ambiguous:
        labels.notes.append(
            f'{len(ambiguous)} images have no label file of their name; their number does not tell which is theirs, '
            f'since several files have it:\n{first_few(ambiguous)}'
        )
    if pose:
        labels.notes.append(f'{names_file}: has kpt_shape; the keypoints of its targets are left out')
    orphans = [path for path in _label_files(orphan_root) if os.path.abspath(path) not in seen]
    if orphans and source.is_dir():
        labels.notes.append(
            f'{len(orphans)} label files have no image and are left out:\n{first_few([str(path) for path in orphans])}'
        )
    return labels


def _labels_by_name(source: Path) -> dict[str, str]:
    """The label files of a folder that is not that of the images, by their names without suffix.

    The folder may be a whole data set with ``labels/`` in it.
    """
    if (source / 'labels').is_dir():
        source = source / 'labels'
    return {path.relative_to(source).with_suffix('').as_posix(): str(path) for path in _label_files(source)}


def _by_number(names: Iterable[str]) -> dict[tuple[str, int | None], list[str]]:
    """Names, which have suffixes, by folder and number; those without a number are left out."""
    found: dict[tuple[str, int | None], list[str]] = {}
    for name in names:
        key = _folder_and_number(name)
        if key[1] is not None:
            found.setdefault(key, []).append(name)
    return found


def _folder_and_number(name: str) -> tuple[str, int | None]:
    return os.path.dirname(name), frame_number(name)


def _label_files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob('*.txt') if path.name != 'classes.txt' and _is_yolo(path))


def _names(source: Path, options: ReadOptions) -> tuple[list[str] | None, Path | None]:
    """Class names and the file that has them."""
    if source.is_file() and source.suffix.lower() in _YAML:
        return list(options.names or read_class_names(source)), source
    root = source if source.is_dir() else source.parent
    found = next((root / name for name in _NAME_FILES if (root / name).is_file()), None)
    if options.names:
        return list(options.names), found
    return (None, None) if found is None else (read_class_names(found), found)


def _is_pose(names_file: Path | None) -> bool:
    return names_file is not None and names_file.suffix in _YAML and 'kpt_shape' in read_yaml(names_file)


def _images(source: Path, options: ReadOptions, notes: list[str]) -> list[tuple[str | None, Path, str]]:
    """Split, file and name of each image."""
    yaml_file = source if source.is_file() and source.suffix.lower() in _YAML else None
    if source.is_dir() and options.images is None:
        yaml_file = next((source / name for name in _NAME_FILES[:3] if (source / name).is_file()), None)
    entries: list[tuple[str | None, Path]] = []
    if yaml_file is not None:
        entries = list(_yaml_entries(yaml_file, notes))
        if not entries and source.is_file():
            raise DataError(f'{source}: names no train, val or test; expected folders or lists of images')
    images = []
    for split, place in entries or [(None, options.images or source)]:
        root = place if place.is_dir() else place.parent
        for path in _folder(place) if place.is_dir() else _listed(place):
            folders = path.relative_to(root).parts[:-1]
            found = split or next((_SPLIT_FOLDERS[part] for part in folders if part in _SPLIT_FOLDERS), None)
            images.append((found, path, path.relative_to(root).as_posix()))
    return images


def _yaml_entries(path: Path, notes: list[str]) -> list[tuple[str | None, Path]]:
    content = read_yaml(path)
    base = Path(str(content.get('path') or ''))
    entries: list[tuple[str | None, Path]] = []
    for split in _SPLITS:
        value = content.get(split) or (content.get('valid') if split == 'val' else None)
        for item in value if isinstance(value, list) else [value] if value else []:
            text = str(item).replace('\\', '/')
            # Roboflow writes ../train/images for a folder beside the file.
            stripped = text.removeprefix('../')
            places = [path.parent / base / text, path.parent / text, path.parent / stripped, base / text]
            found = next((place for place in places if place.exists()), None)
            if found is None:
                raise MissingDataError(
                    f'{path}: {split}: {item} is neither below {path.parent} nor below its path '
                    f'{content.get("path")!r}; correct the file, or convert the folder itself'
                )
            entries.append((split, found))
    # YOLO needs a validation split: where there is none, another one is named for it.
    others = {place.resolve() for split, place in entries if split != 'val'}
    own = [(split, place) for split, place in entries if split != 'val' or place.resolve() not in others]
    if len(own) < len(entries):
        notes.append(f'{path}: val is the same as another split; its images are taken once, for that one')
    return own


def _folder(folder: Path) -> list[Path]:
    found = sorted(
        (path for path in folder.rglob('*') if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()),
        key=lambda path: natural_key(str(path)),
    )
    if not found:
        raise MissingDataError(
            f'{folder}: no image in this folder; expected files ending in {", ".join(IMAGE_SUFFIXES)}'
        )
    return found


def _listed(source: Path) -> list[Path]:
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
    return [root / rest for rest in rests[0]]


def _shape(box: YoloBox, height: int, width: int) -> Shape:
    """The shape, from shares of this size."""
    if box.polygon is not None:
        return Polygon((np.array(box.polygon) * (width, height),))
    left, top, box_width, box_height = box.in_pixels(height, width)
    return Box(left, top, left + box_width, top + box_height)


def write(labels: LabelSet, placing: Placing, as_outlines: bool = False) -> list[str]:
    """Write ``images/SPLIT``, ``labels/SPLIT`` and ``data.yaml``.

    Args:
        labels: The data set.
        placing: Where to.
        as_outlines: A line is an outline (segmentation) where there is one; False: a box.

    Returns:
        What the format does not hold.
    """
    lost = Counter[str]()
    splits = [split for split in labels.splits if split]
    moved = _names_without_images(image.name for image in labels.images)
    for image in labels.images:
        image = replace(image, name=moved.get(image.name, image.name))
        below = f'/{image.split}' if image.split else ''
        placing.place(image, f'images{below}')
        height, width = image.size
        lines = []
        for annotation in image.annotations:
            lost['ignored targets became ordinary ones'] += annotation.ignore
            lines += _lines(annotation, height, width, as_outlines, lost)
        placing.label(f'labels{below}/{image.stem}.txt', ''.join(line + '\n' for line in lines))
    notes = [f'{number} {text}' for text, number in lost.items() if number]
    if moved:
        old, new = next(iter(moved.items()))
        notes.append(
            f'{len(moved)} images are in another folder, since YOLO looks for labels by the last images/ of a path: '
            f'{old} is {new} now'
        )
    yaml_lines = [f'path: {json.dumps(str(placing.out.absolute()), ensure_ascii=False)}']
    folders = {split: f'images/{split}' for split in splits if split in _SPLITS}
    if not splits:
        folders['train'] = 'images'
    elif set(splits) - set(folders):
        others = ', '.join(split for split in splits if split not in folders)
        notes.append(f'YOLO knows train, val and test: {others} is in images/, but not in data.yaml')
    if 'val' not in folders and folders:
        folders['val'] = folders.get('test') or folders['train']
        notes.append(f'there is no validation split: data.yaml names {folders["val"]} for it, since YOLO needs one')
    yaml_lines += [f'{split}: {folder}' for split, folder in folders.items()]
    yaml_lines += [
        'names:',
        *(f'  {k}: {json.dumps(name, ensure_ascii=False)}' for k, name in enumerate(labels.classes)),
    ]
    placing.label('data.yaml', '\n'.join(yaml_lines) + '\n')
    if placing.images == 'none':
        notes.append('images are not copied: put them where data.yaml says, so that labels/ replaces images/ in paths')
    return notes


def _names_without_images(names: Iterable[str]) -> dict[str, str]:
    """New names for images that have a folder ``images`` in their names, all different without suffix.

    The rule of YOLO, and of :func:`~..yolo_labels.find_yolo_labels`, takes it for the folder of all images.
    """
    inner: dict[str, list[str]] = {}
    taken: set[str] = set()
    for name in names:
        if 'images' in (parts := name.split('/'))[:-1]:
            inner[name] = parts
        else:
            taken.add(os.path.splitext(name)[0])
    moved = {}
    for name, (*folders, file) in inner.items():
        shorter = [[part for part in folders if part != 'images']]
        longer = ([f'images_{k}' if part == 'images' else part for part in folders] for k in count(2))
        choices = ('/'.join([*parts, file]) for parts in chain(shorter, longer))
        moved[name] = next(new for new in choices if os.path.splitext(new)[0] not in taken)
        taken.add(os.path.splitext(moved[name])[0])
    return moved


def _lines(annotation: Annotation, height: int, width: int, as_outlines: bool, lost: Counter[str]) -> list[str]:
    shape = annotation.shape
    if isinstance(shape, Point):
        raise DataError('YOLO holds no points; give their size with --point-size')
    if as_outlines and not (isinstance(shape, Box) and not shape.angle):
        if isinstance(shape, Mask):
            rings, holes = outlines(shape)
            lost['masks have holes, which are filled'] += bool(holes)
        else:
            rings = list(shape.rings) if isinstance(shape, Polygon) else [shape.corners]
        lost['targets of several parts became one target a part'] += len(rings) > 1
        return [
            ' '.join([str(annotation.label), *(_text(value) for value in (ring / (width, height)).ravel())])
            for ring in rings
        ]
    lost['outlines became boxes'] += not isinstance(shape, Box) or bool(shape.angle)
    x1, y1, x2, y2 = shape.bounds
    values = ((x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height)
    return [' '.join([str(annotation.label), *map(_text, values)])]


def _text(value: float) -> str:
    """Eight digits: a thousandth of a pixel in an image of 10 000."""
    return f'{value:.8f}'
