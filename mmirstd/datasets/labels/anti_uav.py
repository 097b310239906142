"""Anti-UAV: a JSON file a sequence, with ``exist`` (0 or 1) and ``gt_rect`` (``x, y, width, height``) of each frame."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

from mmirstd.utils.errors import DataError
from mmirstd.utils.json_text import parse_json

from ..text_file import read_text, text_head
from .classes import TARGET
from .label_set import Annotation, LabelSet
from .options import ReadOptions
from .sequence_frames import find_sequences
from .shapes import Box

NAME = 'anti-uav'
#: A list of this name: other programs have a number or a flag.
_NAMES = re.compile(rb'"(exist|gt_rect)"\s*:\s*\[')


def find(source: Path) -> list[Path]:
    """The JSON files below a folder that have ``exist`` and ``gt_rect``, and those of equal names; of a file, itself.

    A damaged ``IR_label.json`` among others is not to be left out without a word.
    """
    paths = [source] if source.is_file() else [path for path in sorted(source.rglob('*.json')) if path.is_file()]
    names = {path.name for path in paths if path.suffix.lower() == '.json' and _is_anti_uav(path)}
    return [path for path in paths if path.name in names]


def _is_anti_uav(path: Path) -> bool:
    head = text_head(path, 256)
    # both lists are as long as the video, so only the first name is near the start
    return head.startswith(b'{') and _NAMES.search(head) is not None


def read(source: Path, options: ReadOptions) -> LabelSet:
    """Read sequences; the frames are the images beside a file, in natural order, as many as it has entries."""
    labels = LabelSet(str(source), list(options.names or [TARGET])[:1], [])
    unseen = 0
    for sequence in find_sequences(source, find(source), options.images):
        path = sequence.label_file
        exist, boxes = _content(path)
        if not len(exist) == len(boxes) == len(sequence.images):
            raise DataError(
                str(path),
                found=f'exist for {len(exist)} frames, gt_rect for {len(boxes)}, and {len(sequence.images)} images in '
                f'{sequence.folder}',
                expected='an entry for each image',
                cure='take the images that were labeled: those of one camera, all of the video',
            )
        for image, there, box in zip(sequence.labeled(), exist, boxes):
            if there and not any(box):
                unseen += 1
            elif there:
                x, y, width, height = box
                where = f'{path}, frame {image.frame}'
                image.annotations.append(Annotation(Box(x, y, x + width, y + height), track_id=1, where=where))
            labels.images.append(image)
    if unseen:
        labels.notes.append(f'{unseen} frames have exist 1 and no box: taken for frames without targets')
    return labels


def _content(path: Path) -> tuple[list[bool], list[list[float]]]:
    """``exist`` and ``gt_rect``; a box that is empty or all 0 is no box."""
    text = read_text(path)
    try:
        data = parse_json(text)
    except ValueError as error:
        raise DataError(f'{path}: not valid JSON ({error}); write the file again, or remove it') from None
    exist, boxes = (data.get(key) if isinstance(data, dict) else None for key in ('exist', 'gt_rect'))
    if not isinstance(exist, list) or not isinstance(boxes, list):
        raise DataError(
            str(path),
            found='no lists exist and gt_rect',
            expected='{"exist": [1, ...], "gt_rect": [[x, y, width, height], ...]}',
            cure='correct the file',
        )
    for frame, there in enumerate(exist):
        if there not in (0, 1):  # the text "0" would be true
            raise DataError(f'{path}: exist of frame {frame} is {there!r}; expected 0 or 1. Correct it')
    # without a target there may be anything, such as [0]
    absent = [frame >= len(exist) or not exist[frame] for frame in range(len(boxes))]
    return [bool(value) for value in exist], [
        _box(path, frame, [] if without else box) for frame, (box, without) in enumerate(zip(boxes, absent))
    ]


def _box(path: Path, frame: int, box: Any) -> list[float]:
    if not box:
        return [0.0] * 4
    if not isinstance(box, list) or len(box) != 4 or not all(map(_is_number, box)):
        raise DataError(
            f'{path}: gt_rect of frame {frame} is {str(box)[:80]}; expected [x, y, width, height], or []. Correct it'
        )
    return [float(value) for value in box]


def _is_number(value: Any) -> bool:
    # a number of 400 digits is no float
    return not isinstance(value, bool) and isinstance(value, (int, float)) and abs(value) < 1e9 and math.isfinite(value)
