"""MOTChallenge: a text file a sequence, ``frame,id,left,top,width,height,confidence,class,visibility`` a target."""

from __future__ import annotations

import math
from pathlib import Path

from mmirstd.utils.errors import DataError, MissingDataError, first_few

from ..image_io import IMAGE_SUFFIXES
from ..sequences import frame_number
from ..text_file import read_text, text_head
from .classes import TARGET, ClassIndex
from .label_set import Annotation, LabelSet
from .options import ReadOptions
from .sequence_frames import SequenceFrames, find_sequences, read_info
from .shapes import Box

NAME = 'mot'
_EXPECTED = 'frame,id,left,top,width,height, then confidence, class and visibility where they are known'


def find(source: Path) -> list[Path]:
    """The files below a folder that begin with such a line: ``gt/gt.txt`` where there are any; of a file, itself.

    A ``gt/gt.txt`` counts whatever is in it: a sequence without targets is not to be left out, nor one whose file is
    damaged. So do empty files beside others.
    """
    if source.is_file():
        return [source] if source.suffix.lower() == '.txt' and (_is_truth(source) or _is_mot(source)) else []
    paths = [path for path in sorted(source.rglob('*.txt')) if path.is_file()]
    found = {path for path in paths if _is_mot(path)}
    truth = {path for path in paths if _is_truth(path) or (path.name == 'gt.txt' and path in found)}
    if truth:
        return [path for path in paths if path in truth or (path in found and _has_frames(path))]
    homes = {path.parent for path in found}
    return [path for path in paths if path in found or (path.parent in homes and _has_frames(path))]


def _is_truth(path: Path) -> bool:
    return path.name == 'gt.txt' and path.parent.name == 'gt'


def _has_frames(path: Path) -> bool:
    """Whether there is a folder of images of a file's name."""
    frames = path.with_suffix('')
    return frames.is_dir() and any(entry.suffix.lower() in IMAGE_SUFFIXES for entry in frames.iterdir())


def _is_mot(path: Path) -> bool:
    lines = text_head(path, 400).splitlines() or [b'']
    try:
        numbers = [float(value) for value in lines[0].split(b',')]
    except ValueError:
        return False
    return 6 <= len(numbers) <= 10 and all(math.isfinite(value) and value.is_integer() for value in numbers[:2])


def read(source: Path, options: ReadOptions) -> LabelSet:
    """Read sequences; frames without a line have no target."""
    classes = ClassIndex(options.names)
    labels = LabelSet(str(source), [], [])
    offset = 1 if options.corners == 'voc' else 0
    files = find(source)
    rows_of = {path: _rows(path) for path in files}
    # one program counts in one way: a sequence whose first frame has no target tells nothing by itself
    from_zero = next((path for path, rows in rows_of.items() if any(row[0] == 0 for row in rows)), None)
    for sequence in find_sequences(source, files, options.images):
        path = sequence.label_file
        rows = rows_of[path]
        names = _class_names(path) if options.names is None else list(options.names)
        _check_classes(path, rows, names)
        several = any(row[7] > 0 for row in rows if len(row) > 7)
        images = sequence.labeled()
        info = _read_info(sequence.info)
        for image in images:
            image.height, image.width = info.get('imheight'), info.get('imwidth')
        if info.get('seqlength', len(images)) != len(images):
            labels.notes.append(
                f'{sequence.folder}: has {len(images)} images, {sequence.info} tells {info["seqlength"]}; images '
                'without a line have no target'
            )
        place = _places(sequence, [int(row[0]) for row in rows], first=1 if from_zero is None else 0)
        for line, row in enumerate(rows, 1):
            left, top, width, height = (value - offset * (axis < 2) for axis, value in enumerate(row[2:6]))
            number = int(row[7]) if len(row) > 7 else 1
            name = f'class {number}' if number > 1 or (number == 0 and several) else TARGET
            name = names[number - 1] if 1 <= number <= len(names) else name
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
        ('frames count from 1' if from_zero is None else f'frames count from 0, since {from_zero} has a frame 0')
        + '; left and top are '
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
        if (
            not 6 <= len(values) <= 10
            or not all(map(math.isfinite, values))
            or values[0] < 0
            or not all(value.is_integer() for value in values[:2])
        ):
            raise DataError(
                f'{path}, line {number}: {line[:80]!r}; expected {_EXPECTED}; numbers with commas between, frame and '
                'id whole, without a line of names. Correct the line'
            )
        rows.append(values)
    return rows


def _check_classes(path: Path, rows: list[list[float]], names: list[str]) -> None:
    """Classes count from 1: of names, 0 would be none."""
    for line, row in enumerate(rows, 1):
        if names and len(row) > 7 and row[7] == 0:
            raise DataError(
                f'{path}, target {line}',
                found=f'the class 0, and the names {", ".join(names)}',
                expected='classes from 1 on: 1 is the first name',
                cure='add 1 to each class; or remove the names, and take all targets for one class',
            )


def _read_info(path: Path | None) -> dict[str, int]:
    """``imwidth``, ``imheight`` and ``seqlength`` of a ``seqinfo.ini``, as far as it has them."""
    if path is None:
        return {}
    try:
        section = read_info(path)
        return {key: int(section[key]) for key in ('imwidth', 'imheight', 'seqlength') if section.get(key)}
    except ValueError as error:
        raise DataError(
            str(path),
            found=str(error),
            expected='[Sequence] with seqLength, imWidth and imHeight as whole numbers',
            cure='correct or remove the file',
        ) from None


def _class_names(path: Path) -> list[str]:
    """Names beside the file, as CVAT writes them."""
    names = path.parent / 'labels.txt'
    if not names.is_file():
        return []
    return [line.strip() for line in read_text(names).splitlines() if line.strip()]


def _places(sequence: SequenceFrames, labeled: list[int], first: int) -> dict[int, int]:
    """Frame number -> place of its image.

    The first frame, 0 or 1, is the image with the number 1, or that with the number 0 where names count from 0.
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
