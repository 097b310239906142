"""MOTChallenge: a text file a sequence, ``frame,id,left,top,width,height,confidence,class,visibility`` a target."""

from __future__ import annotations

import math
from pathlib import Path

from mmirstd.utils.errors import DataError, MissingDataError, first_few

from ..sequences import frame_number
from ..text_file import read_text
from .classes import TARGET, ClassIndex
from .label_set import Annotation, LabelSet
from .options import ReadOptions
from .sequence_frames import SequenceFrames, find_sequences
from .shapes import Box

NAME = 'mot'
_EXPECTED = 'frame,id,left,top,width,height, then confidence, class and visibility where they are known'


def find(source: Path) -> list[Path]:
    """The files below a folder that begin with such a line: ``gt/gt.txt`` where there are any; of a file, itself."""
    paths = [source] if source.is_file() else sorted(source.rglob('*.txt'))
    paths = [path for path in paths if path.suffix.lower() == '.txt' and _is_mot(path)]
    return [path for path in paths if path.name == 'gt.txt'] or paths


def _is_mot(path: Path) -> bool:
    with open(path, 'rb') as file:
        values = file.readline(400).split(b',')
    try:
        numbers = [float(value) for value in values]
    except ValueError:
        return False
    return 6 <= len(numbers) <= 10 and all(math.isfinite(value) and value.is_integer() for value in numbers[:2])


def read(source: Path, options: ReadOptions) -> LabelSet:
    """Read sequences; frames without a line have no target."""
    classes = ClassIndex(options.names)
    labels = LabelSet(str(source), [], [])
    offset = 1 if options.corners == 'voc' else 0
    for sequence in find_sequences(source, find(source), options.images):
        path = sequence.label_file
        rows = _rows(path)
        names = _class_names(path) if options.names is None else list(options.names)
        images = sequence.labeled()
        place = _places(sequence, [int(row[0]) for row in rows])
        for line, row in enumerate(rows, 1):
            left, top, width, height = (value - offset * (axis < 2) for axis, value in enumerate(row[2:6]))
            number = int(row[7]) if len(row) > 7 else 1
            name = names[number - 1] if 1 <= number <= len(names) else TARGET if number <= 1 else f'class {number}'
            images[place[int(row[0])]].annotations.append(
                Annotation(
                    Box(left, top, left + width, top + height),
                    classes.index(name, path),
                    ignore=len(row) > 6 and row[6] == 0,
                    track_id=int(row[1]) if row[1] >= 0 else None,
                    where=f'{path}, target {line}',
                )
            )
        labels.images += images
    labels.notes.append(
        'frames count from 1 (from 0 where a file has a frame 0); left and top are '
        + (
            'pixels counted from 1 (--corners voc)'
            if offset
            else 'distances from 0, as CVAT and DarkLabel write them (of pixels counted from 1, as MOTChallenge has '
            'them: mmirstd convert-labels --corners voc)'
        )
    )
    labels.classes = classes.names or [TARGET]
    return labels


def _rows(path: Path) -> list[list[float]]:
    rows = []
    for number, line in enumerate(read_text(path, f'lines {_EXPECTED}').splitlines(), 1):
        if not line.strip():
            continue
        try:
            values = [float(value) for value in line.split(',')]
        except ValueError:
            values = []
        if not 6 <= len(values) <= 10 or not all(map(math.isfinite, values)) or values[0] < 0:
            raise DataError(f'{path}, line {number}: {line[:80]!r}; expected {_EXPECTED}')
        rows.append(values)
    return rows


def _class_names(path: Path) -> list[str]:
    """Names beside the file, as CVAT writes them."""
    names = path.parent / 'labels.txt'
    if not names.is_file():
        return []
    return [line.strip() for line in read_text(names).splitlines() if line.strip()]


def _places(sequence: SequenceFrames, labeled: list[int]) -> dict[int, int]:
    """Frame number -> place of its image.

    Frame 1 is the image with the number 1, or that with the number 0 where names count from 0.
    """
    numbers = [frame_number(name) for name in sequence.images]
    known = [number for number in numbers if number is not None]
    if len(set(known)) < len(numbers):
        raise DataError(
            str(sequence.folder),
            found='images without a number in their names, or several with the same number',
            expected='frames with distinct numbers, such as 000001.jpg',
            cure=f'rename them, or keep the frames of {sequence.label_file} alone there',
        )
    first = 0 if 0 in labeled else 1
    shift = min(known) - first if min(known) in (0, 1) else 0
    place = {number - shift: index for index, number in enumerate(known)}
    missing = [f'frame {frame}' for frame in dict.fromkeys(labeled) if frame not in place]
    if missing:
        raise MissingDataError(
            f'{sequence.label_file}: {len(missing)} labeled frames have no image among the {len(known)} of '
            f'{sequence.folder} ({sequence.images[0]} to {sequence.images[-1]}):\n{first_few(missing)}\n'
            'Name the folder of the frames with --images, or complete it'
        )
    return place
