"""Tracks that ``mmirstd infer --track`` wrote, beside the targets that an annotation has."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from mmirstd.datasets.coco_file import CocoAnnotation, CocoImage, read_coco
from mmirstd.datasets.sequences import frame_number
from mmirstd.utils.errors import DataError, MissingDataError, first_few
from mmirstd.utils.json_text import parse_json
from mmirstd.utils.record_columns import ColumnRecord, column

from .functional.track_measures import Points, SequenceTracks, Truth

_SCHEMA = 'mmirstd.tracks'
_CURE = 'write it again by `mmirstd infer --track`'


@dataclass(frozen=True)
class _Point(ColumnRecord):
    """What is measured of a track in a frame."""

    frame: int = column('frames', 'number of the frame')
    id: int = column('1', 'number of the track')
    x: float = column('pixels', 'position')
    y: float = column('pixels', 'position')
    detected: bool = column('1', 'whether there was a detection')


@dataclass
class TrackResults:
    """Sequences with both, and why others are left out.

    Attributes:
        sequences: Targets and tracks of each sequence.
        left_out: ``sequence: reason``.
    """

    sequences: list[SequenceTracks] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def read_track_results(annotation: str | Path, results: str | Path, fps: float | None = None) -> TrackResults:
    """Pair the sequences of an annotation with files of tracks, by their names.

    Args:
        annotation: COCO JSON; a sequence is a ``video_id`` or else a folder.
        results: The folder ``--out``, or its ``tracks``.
        fps: Frames a second; None: as in the files of tracks.

    Raises:
        DataError: A file cannot be used, or no sequence has both.
    """
    truths = _truths(str(annotation))
    files = sorted(Path(results).rglob('*.json'))
    records = [record for path in files if (record := _read_tracks(path)) is not None]
    if not records:
        raise MissingDataError(
            f'{results}: no file of tracks', expected='the folder that --out named when --track was given'
        )
    found = TrackResults()
    for record in records:
        source = record['source']
        name = max(truths, key=lambda each: _common_end(each, source))
        if not _common_end(name, source):
            found.left_out.append(f'{source}: no sequence of this name in {annotation}')
            continue
        try:
            truth = _by_frame(name, truths[name], record['frames'])
        except DataError as error:
            found.left_out.append(str(error))
            continue
        points: list[list[tuple[float, ...]]] = [[] for _ in truth]
        for point in record['points']:
            if point.frame < len(points):
                points[point.frame].append((point.id, point.x, point.y, float(point.detected)))
        arrays: list[Points] = [np.array(frame, np.float64).reshape(-1, 4) for frame in points]
        found.sequences.append(SequenceTracks(name, truth, arrays, fps or record['fps']))
    if not found.sequences:
        raise DataError(
            f'{results}: none of the {len(records)} sequences with tracks can be measured\n{first_few(found.left_out)}'
        )
    return found


def _read_tracks(path: Path) -> dict[str, Any] | None:
    """The content of a file of tracks, checked; None for another JSON file.

    Raises:
        DataError: It is one, and an entry is missing or of another kind.
    """
    try:
        record = parse_json(path.read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return None
    if not isinstance(record, dict) or record.get('schema') != _SCHEMA:
        return None
    expected: dict[str, type | tuple[type, ...]] = {'source': str, 'frames': int, 'fps': (int, float), 'points': list}
    for key, kind in expected.items():
        value = record.get(key)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise DataError(f'{path}: {key!r} of a file of tracks is {str(value)[:80]!r}', cure=_CURE)
    if not 0 < record['fps'] < 1e9 or record['frames'] < 0:
        raise DataError(f'{path}: {str(record["frames"])[:20]} frames, {str(record["fps"])[:20]} a second', cure=_CURE)
    try:
        points = [_Point.from_dict(point) for point in record['points']]
    except DataError as error:
        raise DataError(f'{path}: {error.message}', expected=error.expected, cure=_CURE) from None
    if any(point.frame < 0 for point in points):
        raise DataError(f'{path}: a track has a frame below 0', cure=_CURE)
    return dict(record, points=points)


def _truths(path: str) -> dict[str, list[tuple[CocoImage, list[CocoAnnotation]]]]:
    """Images with their annotations by sequence, in the order of time."""
    data = read_coco(path)
    of_image: dict[Any, list[CocoAnnotation]] = defaultdict(list)
    for annotation in data.annotations:
        of_image[annotation.image_id].append(annotation)
    sequences: dict[str, list[tuple[CocoImage, list[CocoAnnotation]]]] = defaultdict(list)
    for image in data.images:
        folder = str(PurePosixPath(image.name).parent)
        sequences[folder if folder != '.' else data.videos.get(image.video_id or 0, 'images')].append(
            (image, of_image[image.id])
        )
    for frames in sequences.values():
        frames.sort(key=lambda item: _place(item[0]))
    return sequences


def _place(image: CocoImage) -> int:
    if image.frame_id is not None:
        return image.frame_id
    return frame_number(image.name) or 0


def _common_end(sequence: str, source: str) -> int:
    """How many parts at their ends two paths share, without suffix."""
    one = PurePosixPath(sequence).parts
    path = PurePosixPath(source.replace('\\', '/'))
    other = (*path.parts[:-1], path.stem)
    count = 0
    for a, b in zip(reversed(one), reversed(other)):
        if a != b:
            break
        count += 1
    return count


def _by_frame(name: str, frames: list[tuple[CocoImage, list[CocoAnnotation]]], count: int) -> list[Truth]:
    """The targets of the first ``count`` frames.

    Raises:
        DataError: Frames have no annotation, or it does not say which targets are the same.
    """
    places = [_place(image) for image, _ in frames]
    if any(after - before != 1 for before, after in zip(places, places[1:])):
        raise DataError(
            f'{name}: only {len(places)} of the frames {places[0]} to {places[-1]} are annotated; '
            'tracks are measured where each frame is'
        )
    truth: list[Truth] = []
    numbers: dict[Any, int] = {}  # an ID may be a text
    for _, boxes in frames[:count]:
        if len(boxes) > 1 and any('track_id' not in box.extras for box in boxes):
            raise DataError(f'{name}: several targets in a frame, and no track_id that says which is which')
        rows = [
            (numbers.setdefault(box.extras.get('track_id'), len(numbers)), x, y, x + width, y + height)
            for box in boxes
            for x, y, width, height in (box.bbox,)
        ]
        truth.append(np.array(rows, np.float64).reshape(-1, 5))
    return truth
