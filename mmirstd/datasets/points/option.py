"""The data-set option ``points``: a data set is taught from points, not from masks."""

from __future__ import annotations

import copy
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log
from numpy.typing import NDArray

from mmirstd.utils.config_parts import bare_type
from mmirstd.utils.errors import ConfigError, first_few

from ..image_size import image_size
from .from_files import read_points
from .from_masks import KINDS, points_of_mask
from .label_store import LabelStore

_EXPECTED = "dict(kind='centroid' or 'coarse', seed=0) or dict(file='points.csv')"
#: What takes the place of what, so that a label may be soft: the name without scope -> ours.
_SWAPPED = {'LoadTargetMask': 'mmirstd.LoadPointLabels', 'PackSegInputs': 'mmirstd.PackSoftSegInputs'}


def check_points(points: Mapping[str, Any]) -> None:
    """Look whether the option is one that is known.

    Raises:
        ConfigError: It is not.
    """
    unknown = set(points) - {'kind', 'seed', 'file'}
    if unknown or ('kind' in points) == ('file' in points):
        raise ConfigError('points of the data set', found=str(dict(points)), expected=_EXPECTED, option='points')
    if 'kind' in points and points['kind'] not in KINDS:
        raise ConfigError(
            'points.kind of the data set', found=repr(points['kind']), expected=' or '.join(map(repr, KINDS))
        )


def point_pipeline(pipeline: Sequence[Any]) -> list[Any]:
    """A pipeline that reads labels where it read masks, and keeps them soft; everything else stays.

    Raises:
        ConfigError: It reads no masks.
    """
    swapped = copy.deepcopy(list(pipeline))
    ours = set()
    for step in swapped:
        if not isinstance(step, dict):
            continue
        replacement = _SWAPPED.get(bare_type(step))
        if replacement is not None:
            step['type'] = replacement
            if replacement == 'mmirstd.LoadPointLabels':  # rules of mask files mean nothing to it
                for key in [key for key in step if key != 'type']:
                    del step[key]
        ours.add(bare_type(step))
    if 'LoadPointLabels' not in ours:
        raise ConfigError(
            'points of the data set: its pipeline loads no masks, so there is nothing that points could replace',
            cure='have it begin with mmirstd.LoadInfraredImage and mmirstd.LoadTargetMask',
        )
    return swapped


def build_label_store(
    points: Mapping[str, Any],
    samples: Sequence[Mapping[str, Any]],
    images: str,
    data_root: str,
    load_mask: Callable[[Mapping[str, Any], tuple[int, int]], NDArray[Any]],
) -> LabelStore:
    """The labels of a data set's images, at first their points.

    Args:
        points: The option.
        samples: With ``sample_id`` and ``img_path``.
        images: The folder of the images.
        data_root: A relative ``file`` is looked for there, too.
        load_mask: Gives the mask {0, 1} of a sample whose image has this height and width.

    Raises:
        DataError: As :func:`~.from_files.read_points`.
    """
    sizes = [image_size(sample['img_path']) for sample in samples]
    names = [str(sample['sample_id']) for sample in samples]
    if 'file' in points:
        file = Path(points['file']).expanduser()
        below = Path(data_root) / file
        source = below if below.is_file() else file
        listed, notes = read_points(source, Path(images))
        found = [listed.get(Path(sample['img_path']).resolve()) for sample in samples]
        silent = [name for name, own in zip(names, found) if own is None]
        if silent:
            notes.append(
                f'{source}: {len(silent)} of the {len(names)} images are not in it and count as images without '
                f'targets:\n{first_few(silent)}'
            )
        for note in notes:
            print_log(note, logger='current')
        kept = [np.zeros((0, 2), np.int64) if own is None else own for own in found]
        origin = str(source)
    else:
        seed = int(points.get('seed', 0))
        kept = [
            # by name, so that an image has the same points in every split
            points_of_mask(load_mask(sample, size), points['kind'], np.random.default_rng([seed, _number(name)]))
            for sample, size, name in zip(samples, sizes, names)
        ]
        origin = f'{points["kind"]} points of the masks, seed {seed}'
    print_log(
        f'SIRSTDataset: {sum(map(len, kept))} points in {len(names)} images ({origin}) in place of masks',
        logger='current',
    )
    return LabelStore(names, sizes, kept)


def _number(name: str) -> int:
    return zlib.crc32(name.encode())
