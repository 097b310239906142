"""SSTNet's text lists: ``path x1,y1,x2,y2,class ...`` a line."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from mmirstd.utils.errors import DataError

from ..sequences import frame_number
from ..txt_list import read_txt_list
from .classes import TARGET
from .image_files import ImageFolder
from .label_set import Annotation, LabeledImage, LabelSet
from .options import ReadOptions
from .placing import Placing
from .shapes import Box, Point

NAME = 'txt'


def find(source: Path) -> list[Path]:
    """The list itself, or those in a folder."""
    paths = [source] if source.is_file() else sorted(source.glob('*.txt'))
    return [path for path in paths if path.suffix.lower() == '.txt' and _is_list(path)]


def _is_list(path: Path) -> bool:
    try:
        return any(image.boxes for image in read_txt_list(path))
    except DataError:
        return False


def read(source: Path, options: ReadOptions) -> LabelSet:
    """Read the lists of a source; the folders of the images are the sequences."""
    files = find(source) or [source]
    folder = ImageFolder(options.images or (source.parent if source.is_file() else source), options.by_number)
    labels = LabelSet(str(source), list(options.names or [TARGET]), [])
    for path in files:
        split = next((name for name in ('train', 'val', 'test') if name in path.stem.lower()), None)
        for line in read_txt_list(path):
            name = folder.find(line.path)
            image = LabeledImage(
                name or line.path.lstrip('/'),
                folder.path(name) if name else None,
                split=split,
                video=os.path.dirname(name or line.path) or None,
                frame=frame_number(line.path),
                where=f'{path}, line {line.line}',
            )
            for box, label in zip(line.boxes, line.classes):
                if not 0 <= label < len(labels.classes):
                    raise DataError(
                        f'{image.where}: class {label}, but there are names for {len(labels.classes)} classes only '
                        f'({", ".join(labels.classes)}); give all of them with --names'
                    )
                image.annotations.append(Annotation(Box(*box), label))
            labels.images.append(image)
    return labels


def write(labels: LabelSet, placing: Placing) -> list[str]:
    """Write ``SPLIT.txt`` for each split, or ``all.txt``, and ``images``.

    Returns:
        What the format does not hold.
    """
    lost = Counter[str]()
    for split in labels.splits:
        lines = []
        for image in labels.images:
            if image.split != split:
                continue
            words = [placing.place(image, 'images')]
            for annotation in image.annotations:
                shape = annotation.shape
                if isinstance(shape, Point):
                    raise DataError('text lists hold no points; give their size with --point-size')
                lost['ignored targets became ordinary ones'] += annotation.ignore
                lost['track ids are not kept'] += annotation.track_id is not None
                lost['outlines became boxes'] += not isinstance(shape, Box) or bool(shape.angle)
                words.append(','.join(f'{round(value, 6):g}' for value in shape.bounds) + f',{annotation.label}')
            lines.append(' '.join(words))
        placing.label(f'{split or "all"}.txt', '\n'.join(lines) + '\n')
    if len(labels.classes) > 1:
        lost['class names are not kept, only their numbers'] += 1
    return [text if text.startswith('class') else f'{count} {text}' for text, count in lost.items() if count]
