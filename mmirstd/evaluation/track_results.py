"""Tracks that ``mmirstd infer --track`` wrote, beside the targets that an annotation has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
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
    class_name: str | None = column('text', 'the class', default=None)


@dataclass
class TrackResults:
    """Sequences with both, and why others are left out.

    Attributes:
        sequences: Targets and tracks of each sequence.
        left_out: ``sequence: reason``.
    """

    sequences: list[SequenceTracks] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Sequence:
    """What an annotation says of a sequence.

    Attributes:
        names: What it is called: its folder, its video.
        frames: Its images with their boxes, in the order of time.
        classes: Names of the annotation's categories, by their IDs; empty where it has one or none.
    """

    names: list[str]
    frames: list[tuple[CocoImage, list[CocoAnnotation]]]
    classes: dict[Any, str] = field(default_factory=dict)


def read_track_results(annotation: str | Path, results: str | Path, fps: float | None = None) -> TrackResults:
    """Pair the sequences of an annotation with files of tracks, by their names.

    Tracks number their frames from 0 on. So must the annotation, or have just as many frames.

    Args:
        annotation: COCO JSON; a sequence is a folder of images, or those of a ``video_id`` that has a name in
            ``videos``. The path of what was tracked must end as the folder, or as the name of the video.
        results: The folder ``--out``, or its ``tracks``.
        fps: Frames a second; None: as in the files of tracks.

    Raises:
        DataError: A file cannot be used, or no sequence has both.
    """
    sequences = _sequences(str(annotation))
    files = sorted(Path(results).rglob('*.json'))
    records = [record for path in files if (record := _read_tracks(path)) is not None]
    if not records:
        raise MissingDataError(
            f'{results}: no file of tracks', expected='the folder that --out named when --track was given'
        )
    found = TrackResults()
    for sequence, record in _pairs(sequences, records, found.left_out, str(annotation)):
        name = sequence.names[0]
        try:
            _check_numbers(name, sequence.frames, record)
            truth = _by_frame(name, sequence.frames, record['frames'])
        except DataError as error:
            found.left_out.append(str(error))
            continue
        of_frame: list[list[_Point]] = [[] for _ in truth]
        for point in record['points']:
            if point.frame < len(of_frame):
                of_frame[point.frame].append(point)
        arrays: list[Points] = [
            np.array([(p.id, p.x, p.y, float(p.detected)) for p in points], np.float64).reshape(-1, 4)
            for points in of_frame
        ]
        measured = SequenceTracks(name, truth, arrays, fps or record['fps'])
        if sequence.classes and any(point.class_name is not None for point in record['points']):
            measured.target_classes = [
                [sequence.classes.get(box.category_id, f'category {box.category_id}') for box in boxes]
                for _, boxes in sequence.frames[: len(truth)]
            ]
            measured.track_classes = [[str(point.class_name) for point in points] for points in of_frame]
        found.sequences.append(measured)
    if not found.sequences:
        raise DataError(
            f'{results}: none of the {len(records)} sequences with tracks can be measured\n{first_few(found.left_out)}'
        )
    return found


def _pairs(
    sequences: Sequence[_Sequence], records: Sequence[dict[str, Any]], left_out: list[str], annotation: str
) -> list[tuple[_Sequence, dict[str, Any]]]:
    """Sequences with their tracks; why a record is left out is added to ``left_out``."""
    # Of each end of a name the sequences that have it, so that not each record is held against each sequence.
    of_end: dict[tuple[str, ...], dict[int, None]] = defaultdict(dict)
    for place, sequence in enumerate(sequences):
        for name in sequence.names:
            for end in _ends(PurePosixPath(name).parts):
                of_end[end][place] = None
    claims: dict[int, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    for record in records:
        common = next((end for end in _ends(_tracked_parts(record)) if end in of_end), ())
        if not common:
            left_out.append(f'{record["source"]}: no sequence of this name in {annotation}')
        elif len(of_end[common]) > 1:
            names = [sequences[place].names[0] for place in of_end[common]]
            left_out.append(
                f'{record["source"]}: {", ".join(names[:5])} in {annotation} fit this name alike; '
                'track a folder whose path ends as that of the annotation'
            )
        else:
            claims[next(iter(of_end[common]))].append((len(common), record))
    pairs = []
    for place, claim in claims.items():
        best = max(parts for parts, _ in claim)
        fit = [record for parts, record in claim if parts == best]
        if len(fit) == 1:
            pairs.append((sequences[place], fit[0]))
        left_out += [
            f'{record["source"]}: other tracks fit the name {sequences[place].names[0]} of {annotation} as well or '
            f'better, those of {next(other["source"] for other in fit if other is not record)}'
            for _, record in claim
            if len(fit) > 1 or record is not fit[0]
        ]
    return pairs


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


def _sequences(path: str) -> list[_Sequence]:
    """The folders of images and the named videos of an annotation; one of both kinds has two names."""
    data = read_coco(path)
    classes = {category['id']: str(category.get('name') or category['id']) for category in data.categories}
    if len(set(classes.values())) < 2:
        classes = {}
    of_image: dict[Any, list[CocoAnnotation]] = defaultdict(list)
    for annotation in data.annotations:
        of_image[annotation.image_id].append(annotation)
    folders: dict[str, list[CocoImage]] = defaultdict(list)
    videos: dict[int | str, list[CocoImage]] = defaultdict(list)
    for image in data.images:
        folder = str(PurePosixPath(image.name).parent)
        named = image.video_id is not None and image.video_id in data.videos
        if folder != '.' or not named:
            folders[folder if folder != '.' else 'images'].append(image)
        if named and image.video_id is not None:
            videos[image.video_id].append(image)
    sequences: dict[tuple[int | str, ...], _Sequence] = {}
    for name, images in (*folders.items(), *((data.videos[key], images) for key, images in videos.items())):
        frames = [(image, of_image[image.id]) for image in sorted(images, key=_place)]
        sequences.setdefault(tuple(image.id for image in images), _Sequence([], frames, classes)).names.append(name)
    return list(sequences.values())


def _place(image: CocoImage) -> int:
    if image.frame_id is not None:
        return image.frame_id
    return frame_number(image.name) or 0


def _tracked_parts(record: Mapping[str, Any]) -> tuple[str, ...]:
    """The path of what was tracked; a file's without suffix."""
    path = PurePosixPath(record['source'].replace('\\', '/'))
    return path.parts if record.get('kind') == 'frames' else (*path.parts[:-1], path.stem)


def _ends(parts: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The ends of a path, the longest first."""
    return (parts[start:] for start in range(len(parts)))


def _check_numbers(
    name: str, frames: Sequence[tuple[CocoImage, list[CocoAnnotation]]], record: Mapping[str, Any]
) -> None:
    """Hold the annotated frames against those with tracks, of which only the number and gaps are known.

    Raises:
        DataError: Nothing tells which belong together.
    """
    videos = {image.video_id for image, _ in frames}
    if len(videos) > 1:
        raise DataError(
            f'{name}: its images are those of {len(videos)} sequences (video_id), and {record["source"]} was tracked '
            'as one; give each a folder of its own'
        )
    folder = record.get('kind') == 'frames'
    numbers = [frame_number(image.name) if folder else None for image, _ in frames]
    known = [number for number in numbers if number is not None]
    first = known[0] if known else _place(frames[0][0])
    many = f'{len(frames)} frames from number {first} on are annotated, and {record["source"]} has tracks in'
    if len(frames) != record['frames'] and first != 0:
        raise DataError(
            f'{name}: {many} {record["frames"]} frames, so nothing tells which belong together; track the annotated '
            'frames alone, or annotate all from number 0 on'
        )
    gaps = record.get('gaps')
    even = all(after - before == 1 for before, after in zip(known, known[1:]))
    if folder and isinstance(gaps, int) and gaps > 0 and (even or len(frames) != record['frames']):
        raise DataError(
            f'{name}: {many} a folder with {gaps} gap(s) in the numbers of its {record["frames"]} frames; '
            'complete the folder and track it again'
        )


def _by_frame(name: str, frames: Sequence[tuple[CocoImage, list[CocoAnnotation]]], count: int) -> list[Truth]:
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
