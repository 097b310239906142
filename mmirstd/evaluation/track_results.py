"""Tracks that ``mmirstd infer --track`` wrote, beside the targets that an annotation has."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from mmirstd.datasets.coco_file import CocoAnnotation, CocoImage, read_coco
from mmirstd.datasets.sequences import frame_number
from mmirstd.utils.errors import DataError, MissingDataError, first_few

from .functional.track_measures import Points, SequenceTracks, Truth

_SCHEMA = 'mmirstd.tracks'


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
        source = str(record['source'])
        name = max(truths, key=lambda each: _common_end(each, source))
        if not _common_end(name, source):
            found.left_out.append(f'{source}: no sequence of this name in {annotation}')
            continue
        try:
            truth = _by_frame(name, truths[name], int(record['frames']))
        except DataError as error:
            found.left_out.append(str(error))
            continue
        points: list[list[tuple[float, ...]]] = [[] for _ in truth]
        for point in record['points']:
            if point['frame'] < len(points):
                points[point['frame']].append((point['id'], point['x'], point['y'], float(point['detected'])))
        arrays: list[Points] = [np.array(frame, np.float64).reshape(-1, 4) for frame in points]
        found.sequences.append(SequenceTracks(name, truth, arrays, fps or float(record['fps'])))
    if not found.sequences:
        raise DataError(
            f'{results}: none of the {len(records)} sequences with tracks can be measured\n{first_few(found.left_out)}'
        )
    return found


def _read_tracks(path: Path) -> dict[str, Any] | None:
    """The content of a file of tracks; None for another JSON file."""
    try:
        record = json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) and record.get('schema') == _SCHEMA else None


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
    other = PurePosixPath(source.replace('\\', '/')).with_suffix('').parts
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
    for _, boxes in frames[:count]:
        if len(boxes) > 1 and any('track_id' not in box.extras for box in boxes):
            raise DataError(f'{name}: several targets in a frame, and no track_id that says which is which')
        rows = [
            (float(box.extras.get('track_id', 0)), x, y, x + width, y + height)
            for box in boxes
            for x, y, width, height in (box.bbox,)
        ]
        truth.append(np.array(rows, np.float64).reshape(-1, 5))
    return truth
