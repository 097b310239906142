"""The boxes of a detector's test run on disk, beside the maps of its dump.

``boxes.npz`` of a dump (:mod:`.prediction_dump`) holds every annotated and detected box of each image, with all digits,
so that a report measures boxes as the test did and not the rectangles that stand for them in the maps.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.errors import DataError

from .functional.frame_detections import FrameDetections

FILE = 'boxes.npz'
_VERSION = 1
_TARGETS = dict(targets=np.float64, target_labels=np.int64, ignored=np.bool_, scr=np.float64)
_BOXES = dict(boxes=np.float64, scores=np.float64, labels=np.int64)


@dataclass(frozen=True)
class BoxRule:
    """How boxes are counted.

    Attributes:
        score_threshold: Detections with at least this score count.
        max_distance: The centers of a target and its detection are nearer than this, in pixels.
        num_classes: Number of classes.
        classes: Their names; empty: not known.
    """

    score_threshold: float = 0.5
    max_distance: float = 3.0
    num_classes: int = 1
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class DumpedBoxes:
    """All boxes of a test run.

    Attributes:
        frames: In the order of the dump's index; ``image`` is the name in the index.
        rule: How the test counted them.
    """

    frames: list[FrameDetections]
    rule: BoxRule = field(default_factory=BoxRule)


def write_boxes(folder: str | os.PathLike[str], boxes: DumpedBoxes) -> None:
    """Write ``boxes.npz`` into a dump.

    Args:
        folder: The dump's.
        boxes: In the order of its index.
    """
    frames, rule = boxes.frames, boxes.rule
    arrays: dict[str, Any] = dict(
        version=_VERSION,
        rule=np.array([rule.score_threshold, rule.max_distance, rule.num_classes], np.float64),
        classes=np.array(rule.classes, np.str_),
        image=np.array([str(frame.image) for frame in frames], np.str_),
        sequence=np.array([frame.sequence for frame in frames], np.str_),
        shape=np.array([frame.shape for frame in frames], np.int64).reshape(-1, 2),
        target_counts=np.array([len(frame.targets) for frame in frames], np.int64),
        box_counts=np.array([len(frame.boxes) for frame in frames], np.int64),
    )
    for name, kind in {**_TARGETS, **_BOXES}.items():
        shape = (-1, 4) if name in ('targets', 'boxes') else (-1,)
        parts: list[NDArray[Any]] = [np.asarray(getattr(frame, name), kind).reshape(shape) for frame in frames]
        arrays[name] = np.concatenate(parts) if parts else np.zeros((0, *shape[1:]), kind)
    np.savez_compressed(Path(folder) / FILE, **arrays)


def read_boxes(folder: str | os.PathLike[str], names: Sequence[str]) -> DumpedBoxes | None:
    """Read ``boxes.npz`` of a dump.

    Args:
        folder: The dump's.
        names: Of the images in its index.

    Returns:
        None where the dump has none: it is of masks, or of an earlier version.

    Raises:
        DataError: The file is damaged, or of other images than the index.
    """
    path = Path(folder) / FILE
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        if int(arrays['version']) != _VERSION:
            raise ValueError(f'version {int(arrays["version"])}, this code reads {_VERSION}')
        frames = _frames(arrays)
        score, distance, number = arrays['rule'].tolist()
        classes = tuple(str(name) for name in arrays.get('classes', ()))  # dumps of version 0.2 have no names
    except Exception as error:  # numpy and zipfile raise whatever the damaged bytes lead them into
        raise DataError(f'{path}: not the boxes of a dump ({error})', cure='write the dump again') from None
    found = [str(frame.image) for frame in frames]
    if found != list(names):
        raise DataError(f'{path}: holds the boxes of other images than index.json', cure='write the dump again')
    return DumpedBoxes(frames, BoxRule(score, distance, int(number), classes))


def _frames(arrays: dict[str, Any]) -> list[FrameDetections]:
    ends = {name: np.cumsum(arrays[f'{name}_counts'])[:-1] for name in ('target', 'box')}
    parts: dict[str, list[Any]] = {
        **{name: np.split(arrays[name], ends['target']) for name in _TARGETS},
        **{name: np.split(arrays[name], ends['box']) for name in _BOXES},
    }
    return [
        FrameDetections(
            image=str(image),
            sequence=str(sequence),
            shape=(int(shape[0]), int(shape[1])),
            **{name: values[index] for name, values in parts.items()},
        )
        for index, (image, sequence, shape) in enumerate(zip(arrays['image'], arrays['sequence'], arrays['shape']))
    ]
