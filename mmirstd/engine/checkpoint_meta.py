"""The meta data of a checkpoint file: what it says of its training, and the threshold that was chosen for it."""

from __future__ import annotations

import os
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path
from typing import Any

from mmirstd.compat.checkpoint import load_checkpoint_file
from mmirstd.false_alarms.operating_point import META, OperatingPoint
from mmirstd.utils.errors import CheckpointError
from mmirstd.utils.files import atomic_path


def read_meta(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The entry ``meta`` of a checkpoint, without executing code from it; empty where it has none.

    The last files are remembered, since several ask for the same one.

    Raises:
        CheckpointError: It cannot be read.
    """
    status = os.stat(path)
    return _read_meta(os.path.abspath(path), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=8)
def _read_meta(path: str, size: int, modified: int) -> dict[str, Any]:
    checkpoint = load_checkpoint_file(path, 'cpu')
    meta = checkpoint.get('meta') if isinstance(checkpoint, dict) else None
    return meta if isinstance(meta, dict) else {}


def stored_operating_point(path: str | os.PathLike[str] | None) -> OperatingPoint | None:
    """The threshold that ``mmirstd calibrate`` wrote into a checkpoint; None where there is none, or no file.

    Raises:
        CheckpointError: The checkpoint cannot be read, or its threshold is damaged.
    """
    if path is None or not os.path.isfile(path):
        return None
    values = read_meta(path).get(META)
    if values is None:
        return None
    try:
        return OperatingPoint.from_dict(values)
    except ValueError as error:
        raise CheckpointError(
            f'{path}: its threshold ({META} in its meta data): {error}\n  cure: choose it again by mmirstd calibrate, '
            'or give another (--threshold)'
        ) from None


def store_operating_point(
    source: str | os.PathLike[str], target: str | os.PathLike[str], point: OperatingPoint
) -> None:
    """Write a checkpoint with a threshold in its meta data; the weights and all else stay.

    Args:
        source: The checkpoint.
        target: The file to write, whole or not at all; may be ``source``.
        point: The threshold; it replaces one that is there.

    Raises:
        CheckpointError: ``source`` cannot be read.
        OSError: ``target`` cannot be written.
    """
    import torch

    checkpoint = load_checkpoint_file(os.fspath(source), 'cpu')
    if not isinstance(checkpoint, dict):
        raise CheckpointError(f'{source}: holds a {type(checkpoint).__name__}, expected a dict of weights')
    if 'state_dict' not in checkpoint:
        checkpoint = dict(state_dict=OrderedDict(checkpoint))
    meta = checkpoint.get('meta')
    checkpoint['meta'] = {**(meta if isinstance(meta, dict) else {}), META: point.as_dict()}
    with atomic_path(Path(target), durable=True) as temporary:
        torch.save(checkpoint, temporary)
        load_checkpoint_file(str(temporary), 'cpu')
