"""Anti-UAV: a JSON file a sequence, with ``exist`` (0 or 1) and ``gt_rect`` (``x, y, width, height``) of each frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmirstd.utils.errors import DataError
from mmirstd.utils.json_text import parse_json

from ..text_file import read_text
from .classes import TARGET
from .label_set import Annotation, LabelSet
from .options import ReadOptions
from .sequence_frames import find_sequences
from .shapes import Box

NAME = 'anti-uav'


def find(source: Path) -> list[Path]:
    """The JSON files below a folder that have ``exist`` and ``gt_rect``; of a file, itself."""
    paths = [source] if source.is_file() else sorted(source.rglob('*.json'))
    return [path for path in paths if path.suffix.lower() == '.json' and _is_anti_uav(path)]


def _is_anti_uav(path: Path) -> bool:
    with open(path, 'rb') as file:
        head = file.read(256)
    # both lists are as long as the video, so only the first name is near the start
    return head.lstrip(b'\xef\xbb\xbf \t\r\n').startswith(b'{') and (b'"exist"' in head or b'"gt_rect"' in head)


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
    try:
        data = parse_json(read_text(path))
    except ValueError as error:
        raise DataError(f'{path}: not valid JSON ({error})') from None
    exist, boxes = (data.get(key) if isinstance(data, dict) else None for key in ('exist', 'gt_rect'))
    if not isinstance(exist, list) or not isinstance(boxes, list):
        raise DataError(
            str(path),
            found='no lists exist and gt_rect',
            expected='{"exist": [1, ...], "gt_rect": [[x, y, width, height], ...]}',
            cure='correct the file',
        )
    return [bool(value) for value in exist], [_box(path, frame, box) for frame, box in enumerate(boxes)]


def _box(path: Path, frame: int, box: Any) -> list[float]:
    if not box:
        return [0.0] * 4
    if not isinstance(box, list) or len(box) != 4 or not all(isinstance(value, (int, float)) for value in box):
        raise DataError(f'{path}: gt_rect of frame {frame} is {box!r}; expected [x, y, width, height], or []')
    return [float(value) for value in box]
