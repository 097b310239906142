"""The splits of a data set as a check sees them: files and labels, and the problems met on the way to them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mmirstd.utils.config_parts import IMAGE_LOADERS, bare_type
from mmirstd.utils.errors import DataError

from ..problems import Problem
from .facts import Label
from .finding import Finding


@dataclass(frozen=True)
class Sample:
    """An image with its label.

    Attributes:
        name: Its ID.
        image: The file; None: missing.
        label: See :class:`~.facts.Label`.
        sequence: Of a frame: what tells its sequence from all others; else ''.
        number: Of a frame: its place in time; else 0.
        folder: Of a frame: its sequence as it is called.
    """

    name: str
    image: str | None
    label: Label
    sequence: str = ''
    number: int = 0
    folder: str = ''


@dataclass
class Split:
    """A split.

    Attributes:
        name: ``'train'``, ``'val'``, ``'test'``, or what a list is called.
        source: The list or annotation, else the folder.
        samples: In the data set's order.
        labeled: Whether there are masks or boxes at all.
        findings: Problems that were met while it was read.
        num_frames: T of clips, 1 of single images.
        bit_depth: What the pipeline divides 16-bit codes by; None: all 16 bits.
        float_range: Whether the pipeline takes float images as they are, 0 to 1.
        resize_masks: Whether masks of another size are resized.
        group: Splits of one group are to share no image.
        foreign: Config of a data set that is not ours, see :mod:`.foreign`; None: it is ours.
    """

    name: str
    source: str
    samples: list[Sample] = field(default_factory=list)
    labeled: bool = True
    findings: list[Finding] = field(default_factory=list)
    num_frames: int = 1
    bit_depth: int | None = None
    float_range: bool = True
    resize_masks: bool = False
    group: str = ''
    foreign: Mapping[str, Any] | None = None


def read_splits(data_sets: Mapping[str, Mapping[str, Any]]) -> list[Split]:
    """The splits of data set configs.

    Args:
        data_sets: Name of the split -> config of a data set, wrapped ones included.

    Returns:
        One split for each data set; one that is not ours has its config alone.
    """
    splits = []
    for name, config in data_sets.items():
        parts = list(_parts(config))
        for number, part in enumerate(parts, 1):
            splits.append(read_split(name if len(parts) == 1 else f'{name} {number}', part, group=str(number)))
    return splits


def _parts(config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The data sets within wrappers that repeat or join them."""
    inner = config.get('datasets') or ([config['dataset']] if 'dataset' in config else None)
    if inner is None:
        yield config
    else:
        frames = {key: config[key] for key in ('num_frames',) if key in config}  # of mmirstd.ConcatClipDataset
        for part in inner:
            yield from _parts({**part, **frames})


def read_split(name: str, config: Mapping[str, Any], group: str = '') -> Split:
    """Read the lists of a data set, and gather what is wrong with them.

    Args:
        name: Of the split.
        config: Of one data set.
        group: See :class:`Split`.
    """
    import mmirstd.registry  # noqa: F401
    from mmirstd.registry import DATASETS

    from ..clip_base import BaseClipDataset
    from ..sirst import SIRSTDataset

    source = os.path.join(str(config.get('data_root') or ''), str(config.get('ann_file') or ''))
    split = Split(name, source, group=group)
    kind = config['type'] if isinstance(config['type'], type) else DATASETS.get(config['type'])
    if kind is None or not issubclass(kind, (BaseClipDataset, SIRSTDataset)):
        split.foreign = config
        return split
    plain = {key: value for key, value in config.items() if key not in ('pipeline', 'lazy_init')}
    data_set = DATASETS.build(dict(plain, lazy_init=True))
    split.source = data_set.ann_file or data_set.data_root or source
    _note_pipeline(split, config.get('pipeline') or ())
    data_set.problems.gather = True
    try:
        listed = data_set.load_data_list()
    except DataError as error:  # nothing is left of it
        data_set.problems.found.append(Problem(str(error), (), True))
        listed = []
    split.findings += [_as_finding(name, problem) for problem in data_set.problems.found]
    if isinstance(data_set, SIRSTDataset):
        split.labeled = data_set.data_prefix.get('seg_map_path') is not None
        split.resize_masks = data_set.mask_size_mismatch == 'resize'
        split.samples = [
            Sample(entry['sample_id'], entry['img_path'], Label(entry.get('seg_map_path'), data_set.mask_rule))
            for entry in listed
        ]
        return split
    split.num_frames = data_set.num_frames
    for entry in listed:
        if entry['img_id'] is None:
            continue
        mask = entry['mask_path']
        boxes = None if mask else tuple(tuple(instance['bbox']) for instance in entry['instances'])
        folder = os.path.dirname(entry['img_path'])
        split.samples.append(
            Sample(
                entry['img_path'],
                entry['img_path'],
                Label(mask, data_set.mask_rule, boxes),
                f'{os.path.realpath(folder)}|{entry["video"]}',
                entry['frame_id'],
                entry['video'] or folder,
            )
        )
    return split


def _note_pipeline(split: Split, pipeline: Any) -> None:
    for step in pipeline:
        if isinstance(step, Mapping) and bare_type(step) in IMAGE_LOADERS:
            split.bit_depth = step.get('bit_depth')
            split.float_range = step.get('normalize', 'fixed') == 'fixed' and step.get('max_value') is None


def _as_finding(split: str, problem: Problem) -> Finding:
    text = problem.message.split('\n  cure: ')
    return Finding(
        'error' if problem.fatal else 'warning',
        'list or annotation',
        (split,),
        text[0],
        '\n  cure: '.join(text[1:]),
        problem.items,
    )
