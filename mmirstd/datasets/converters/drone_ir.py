"""Drone-IR: videos and MATLAB labels to frames and COCO JSON.

Every video is converted by itself into a folder that gets its name when it is complete, with a record of what it was
made from, so an interrupted conversion goes on where it stopped and a finished one is not repeated.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
from numpy.typing import NDArray

from mmirstd.utils.errors import DataError, MissingDataError
from mmirstd.utils.files import save_png
from mmirstd.utils.json_text import parse_json

from ..image_io import to_one_channel
from ..split_file import hold_out, read_split
from .coco_json import CATEGORIES, categories, coco_box, write_if_changed
from .drone_ir_labels import LabeledBox, read_labels

VIDEO_FOLDER = 'Data/Video_IR'
RECORDS = '.converted'
#: Lists of 79 training and 35 test videos, by name.
SHIPPED_SPLITS = Path(__file__).resolve().parent / 'drone_ir_splits'


@dataclass(frozen=True)
class FrameChoice:
    """Which frames are written.

    Attributes:
        every: Each n-th frame, from the first on, is a key frame (annotated, listed in the JSON).
        window: T: the T-1 frames before each key frame are written too, unlisted: clip models get their true past.
        stride: Distance of the frames of a window.
    """

    every: int = 1
    window: int = 5
    stride: int = 1

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value < 1:
                raise ValueError(f'{name} is {value}; expected a whole number from 1 on')

    def is_key(self, number: int) -> bool:
        """Whether a frame is a key frame."""
        return number % self.every == 0

    def is_needed(self, number: int, total: int) -> bool:
        """Whether a frame belongs to the window of one of ``total`` frames' key frames."""
        return any(
            self.is_key(number + back)
            for back in range(0, self.window * self.stride, self.stride)
            if number + back < total
        )


@dataclass(frozen=True)
class Splits:
    """Names of the videos of each part."""

    train: list[str]
    val: list[str]
    test: list[str]

    def items(self) -> Iterator[tuple[str, list[str]]]:
        """Part by part."""
        yield from (('train', self.train), ('val', self.val), ('test', self.test))


def read_splits(folder: str | os.PathLike[str], val_fraction: float = 0.15, seed: int = 0) -> Splits:
    """The test videos as given, the training videos less a validation part.

    The part is taken from each kind (airplane, bird, ...) by itself, at least one video of it, and by whole videos.

    Args:
        folder: With ``train.txt`` and ``test.txt``, one video name a line.
        val_fraction: Share of the training videos; 0 holds out none.
        seed: Another seed gives another part.

    Raises:
        DataError: A video is in both lists.
    """
    train = read_split(os.path.join(folder, 'train.txt'))
    test = read_split(os.path.join(folder, 'test.txt'))
    both = sorted(set(train) & set(test))
    if both:
        raise DataError(f'{folder}: {len(both)} videos are in train.txt and in test.txt, the first {both[0]}')
    val: set[str] = set()
    if val_fraction:
        for kind in sorted({_kind(name) for name in train}):
            of_kind = [name for name in train if _kind(name) == kind]
            if len(of_kind) > 1:
                val.update(hold_out(of_kind, 'val', fraction=val_fraction, seed=seed))
    return Splits([name for name in train if name not in val], [name for name in train if name in val], test)


def read_frames(path: str | os.PathLike[str]) -> Iterator[NDArray[Any]]:
    """The frames of a video, (H, W) uint8, one after the other, as far as they can be decoded.

    Raises:
        MissingDataError: No such file.
        DataError: Not a video, or without a single frame.
    """
    if not os.path.isfile(path):
        raise MissingDataError(f'{path}: no such video')
    capture = cv2.VideoCapture(os.fspath(path))
    try:
        good, frame = capture.read() if capture.isOpened() else (False, None)
        if not good or frame is None:
            raise DataError(
                f'{path}: no frame can be decoded from this {os.path.getsize(path)}-byte file; it is cut '
                'off or not a video: copy or download it again'
            )
        while good and frame is not None:
            yield to_one_channel(frame)
            good, frame = capture.read()
    finally:
        capture.release()


def convert_video(
    source: str | os.PathLike[str], name: str, out: str | os.PathLike[str], choice: FrameChoice
) -> dict[str, Any]:
    """Write the frames of one video, unless they are there already.

    Args:
        source: The data set's folder, with ``Data/Video_IR``.
        name: Of the video, ``IR_DRONE_032``.
        out: Folder of the converted data set.
        choice: Which frames.

    Returns:
        The video's record: ``name, kind, height, width, frames`` (decoded), ``labels`` (rows of the table), ``written``
        (numbers) and ``boxes`` (per key frame, x, y, width, height and kind); ``made`` tells whether it was
        made now.
    """
    out = Path(out)
    video = Path(source, VIDEO_FOLDER, f'{name}.mp4')
    label_file = Path(source, VIDEO_FOLDER, f'{name}_LABELS.mat')
    for path in (video, label_file):
        if not path.is_file():
            raise MissingDataError(
                f'{path}: no such file; the data set has one NAME.mp4 and one NAME_LABELS.mat per video'
            )
    origin = dict(version=1, video_bytes=video.stat().st_size, label_bytes=label_file.stat().st_size, **asdict(choice))
    record_file, folder = out / RECORDS / f'{name}.json', out / 'images' / name
    record = _kept(record_file, folder, origin)
    if record is not None:
        return dict(record, made=False)

    labels = read_labels(label_file)
    part = folder.with_name(folder.name + '.part')
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    written: list[int] = []
    shape: tuple[int, ...] | None = None
    count = 0
    for number, frame in enumerate(read_frames(video)):
        if shape is None:
            shape = frame.shape
        elif frame.shape != shape:
            raise DataError(
                f'{video}: frame {number} has {frame.shape[0]}x{frame.shape[1]} pixels, the first '
                f'{shape[0]}x{shape[1]}; expected one size'
            )
        count = number + 1
        if choice.is_needed(number, len(labels)):
            save_png(part / f'{number:05d}.png', frame)
            written.append(number)
    keys = [number for number in written if choice.is_key(number)]
    assert shape is not None  # read_frames gives a frame or raises
    record = dict(
        origin=origin,
        name=name,
        kind=_kind(name),
        height=shape[0],
        width=shape[1],
        frames=count,
        labels=len(labels),
        written=written,
        boxes={str(number): _plain(labels[number]) for number in keys},
    )
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    write_if_changed(record_file, record)
    return dict(record, made=True)


def convert(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    splits: Splits,
    choice: FrameChoice | None = None,
    workers: int = 1,
    progress: Callable[[dict[str, Any]], None] | None = None,
    kinds: bool = False,
) -> dict[str, Any]:
    """Convert all videos of the splits and write ``instances_{train,val,test}2017.json``.

    Args:
        source: The data set's folder.
        out: Folder of the converted data set.
        splits: Which videos belong to which part.
        choice: Which frames; default: all.
        workers: Threads; decoding and encoding release Python's lock.
        progress: Called with each video's record.
        kinds: The kinds are categories, as ``airplane``, by the alphabet. False: there is one, ``target``.

    Returns:
        ``videos, made`` (videos), ``images, boxes`` (per part), ``short`` (names of videos with fewer frames than
        labels, with both numbers), ``long`` (the other way round), ``files`` (JSON files), ``classes`` (names of the
        categories).

    Raises:
        MissingDataError, DataError: As :func:`convert_video`, before any JSON is written.
    """
    choice = choice or FrameChoice()
    names = [name for _, part in splits.items() for name in part]
    records: dict[str, dict[str, Any]] = {}

    def work(name: str) -> dict[str, Any]:
        return convert_video(source, name, out, choice)

    with ThreadPoolExecutor(max(1, workers)) as pool:
        jobs = pool.map(work, names)
        for record in jobs:
            records[record['name']] = record
            if progress is not None:
                progress(record)

    found = {kind for record in records.values() for boxes in record['boxes'].values() for kind, *_ in boxes}
    classes = [kind.lower() for kind in sorted(found)] if kinds else [str(CATEGORIES[0]['name'])]
    summary: dict[str, Any] = dict(
        videos=len(names),
        made=sum(record['made'] for record in records.values()),
        images={},
        boxes={},
        files=[],
        classes=classes,
        short={r['name']: (r['frames'], r['labels']) for r in records.values() if r['frames'] < r['labels']},
        long={r['name']: (r['frames'], r['labels']) for r in records.values() if r['frames'] > r['labels']},
    )
    for part, part_names in splits.items():
        path = Path(out, f'instances_{part}2017.json')
        if not part_names:
            path.unlink(missing_ok=True)
            continue
        data = _coco(choice, [records[name] for name in part_names], classes)
        write_if_changed(path, data)
        summary['images'][part] = len(data['images'])
        summary['boxes'][part] = len(data['annotations'])
        summary['files'].append(str(path))
    return summary


def _coco(choice: FrameChoice, records: Sequence[dict[str, Any]], classes: Sequence[str]) -> dict[str, Any]:
    ids = {name.upper(): number for number, name in enumerate(classes, 1)}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    videos: list[dict[str, Any]] = []
    for record in records:
        videos.append(
            {'id': len(videos) + 1, 'name': record['name'], 'kind': record['kind'], 'frames': record['frames']}
        )
        for key, boxes in record['boxes'].items():
            images.append(
                {
                    'id': len(images) + 1,
                    'file_name': f'images/{record["name"]}/{int(key):05d}.png',
                    'height': record['height'],
                    'width': record['width'],
                    'video_id': len(videos),
                    'frame_id': int(key),
                }
            )
            for kind, *bbox in boxes:
                box = coco_box(bbox, ids.get(kind.upper(), 1))
                annotations.append({'id': len(annotations) + 1, 'image_id': len(images), **box, 'kind': kind})
    info = {
        'description': 'Drone-IR',
        **asdict(choice),
        'frames': 'frame_id counts from 0; images of a folder that are not listed are the past of listed ones',
    }
    return {
        'info': info,
        'videos': videos,
        'images': images,
        'annotations': annotations,
        'categories': categories(classes),
    }


def _kept(record_file: Path, folder: Path, origin: dict[str, Any]) -> dict[str, Any] | None:
    """The record of an earlier run if it fits and all its frames are there."""
    try:
        record = parse_json(record_file.read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return None
    if not isinstance(record, dict) or record.get('origin') != origin or not folder.is_dir():
        return None
    present = {entry.name for entry in os.scandir(folder) if entry.stat().st_size}
    return record if present == {f'{number:05d}.png' for number in record['written']} else None


def _plain(boxes: Sequence[LabeledBox]) -> list[list[Any]]:
    return [[box.kind, *box.bbox] for box in boxes]


def _kind(name: str) -> str:
    parts = name.split('_')
    return parts[1] if len(parts) > 2 else ''
