"""Part images of one's own into training, validation and test images: by sequence where names tell, else by seed."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mmirstd.utils.errors import DataError

from .mask_layout import ordered_splits
from .split_file import hold_out

#: Sequences that are needed to part by them, and frames in one on average.
_LEAST_SEQUENCES, _LEAST_FRAMES = 3, 3
#: Images that are needed at all.
_LEAST_IMAGES = 5


@dataclass(frozen=True)
class OwnSplit:
    """Three parts of a list of images.

    Attributes:
        rule: How they were parted, in words.
        train: Images to train on.
        val: Images that choose the checkpoint and the threshold.
        test: Images that are tested once.
    """

    rule: str
    train: tuple[str, ...]
    val: tuple[str, ...]
    test: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f'{len(self.train)} images to train on, {len(self.val)} for validation, {len(self.test)} to test, '
            f'parted {self.rule}'
        )


def sequence_of(path: str) -> str:
    """The sequence of a frame as its path tells: the folder, else the name without the number at its end."""
    folder, name = os.path.split(os.path.splitext(path)[0])
    return folder or re.sub(r'[-_. ]*(?:frame|img|image|f)?[-_. ]*\d+$', '', name, flags=re.IGNORECASE)


def splits_not_kept(splits: Iterable[str | None]) -> list[str]:
    """What is to be said where data tell splits of their own, which are not kept.

    Args:
        splits: Names of the splits; None: no split.

    Returns:
        A line, or nothing where there are fewer than two.
    """
    told = [name for name in ordered_splits(splits) if name is not None]
    if len(told) < 2:
        return []
    return [
        f'the data tell the splits {", ".join(told)}: they are not kept, all is parted anew. To keep test data out of '
        'the training, name the images and labels of the training data alone'
    ]


def split_images(
    images: Sequence[str],
    by: str = 'auto',
    val: float = 0.15,
    test: float = 0.2,
    seed: int = 0,
    sequences: Mapping[str, str] | None = None,
) -> OwnSplit:
    """Part images; the same list, seed and shares give the same parts on every machine.

    Args:
        images: Paths below the folder of images.
        by: ``'sequence'``: all frames of a sequence go to one part, so that no test image has a neighbor in training;
            ``'time'``: each sequence is cut into its first frames for training, the next for validation and the last to
            test; ``'image'``: each image by itself; ``'auto'``: by sequence where there are at least three with three
            frames on average, else by time where ``sequences`` are given, else by image.
        val: Share of validation images, in (0, 1).
        test: Share of test images, in (0, 1).
        seed: Another seed parts otherwise; there is no chance in ``'time'``.
        sequences: Image -> sequence, the images of each in order of time; None: as :func:`sequence_of` tells.

    Raises:
        DataError: There are fewer than five images, or fewer than three sequences to part by.
        ValueError: A share or ``by`` is out of range.
    """
    if by not in ('auto', 'sequence', 'time', 'image'):
        raise ValueError(f"by is {by!r}; expected 'auto', 'sequence', 'time' or 'image'")
    if not (val > 0 and test > 0 and val + test < 1):
        raise ValueError(f'val={val} and test={test}; expected shares above 0 that leave some to train on')
    if len(images) < _LEAST_IMAGES:
        raise DataError(
            f'{len(images)} image(s) with labels cannot be parted into training, validation and test',
            expected=f'at least {_LEAST_IMAGES}',
            cure='label more images, or train nothing: mmirstd infer IMAGES --out DIR',
        )
    groups: dict[str, list[str]] = {}
    for image in images:
        groups.setdefault(sequence_of(image) if sequences is None else sequences[image], []).append(image)
    enough = len(groups) >= _LEAST_SEQUENCES
    if by == 'sequence' and not enough:
        raise DataError(
            f'the names tell {len(groups)} sequence(s): {", ".join(map(repr, groups))}',
            expected=f'at least {_LEAST_SEQUENCES} to part by',
            cure='a folder for each sequence, or part by time or image',
        )
    if by == 'sequence' or (by == 'auto' and enough and len(images) >= _LEAST_FRAMES * len(groups)):
        return _by_sequence(images, groups, val, test, seed)
    if by == 'time' or (by == 'auto' and sequences is not None and len(images) >= _LEAST_FRAMES * len(groups)):
        return _by_time(groups, val, test)
    rest = hold_out(images, 'train', num=_share(images, test), seed=seed)
    tested = set(images) - set(rest)
    validated = set(hold_out(rest, 'val', num=_share(images, val), seed=seed + 1))
    return OwnSplit(
        f'image by image (seed {seed})',
        tuple(image for image in rest if image not in validated),
        tuple(image for image in rest if image in validated),
        tuple(image for image in images if image in tested),
    )


def _share(images: Sequence[str], share: float) -> int:
    return max(1, round(len(images) * share))


def _by_sequence(
    images: Sequence[str], sequences: Mapping[str, list[str]], val: float, test: float, seed: int
) -> OwnSplit:
    """Sequences in an order that the seed gives, one after another, to test, validation and training."""
    order = sorted(sequences, key=lambda name: hashlib.sha256(f'{seed}:{name}'.encode()).digest())
    parts: dict[str, list[str]] = {'test': [], 'val': [], 'train': []}
    for number, name in enumerate(order):
        left = len(order) - number  # sequences still to give, this one included
        if not parts['test'] or (_size(parts['test'], sequences) < test * len(images) and left > 2):
            parts['test'].append(name)
        elif not parts['val'] or (_size(parts['val'], sequences) < val * len(images) and left > 1):
            parts['val'].append(name)
        else:
            parts['train'].append(name)
    members = {part: {image for name in names for image in sequences[name]} for part, names in parts.items()}
    chosen = {part: tuple(image for image in images if image in names) for part, names in members.items()}
    return OwnSplit(f'by sequence ({len(sequences)} sequences, seed {seed})', **chosen)


def _by_time(sequences: Mapping[str, list[str]], val: float, test: float) -> OwnSplit:
    """The frames of each sequence, first to last, to training, validation and test."""
    parts: dict[str, list[str]] = {'train': [], 'val': [], 'test': []}
    for frames in sequences.values():
        first, second = round(len(frames) * (1 - val - test)), round(len(frames) * (1 - test))
        for part, chosen in zip(parts, (frames[:first], frames[first:second], frames[second:])):
            parts[part] += chosen
    if not all(parts.values()):
        raise DataError(
            f'{len(sequences)} sequences of {sum(map(len, sequences.values()))} frames cannot be cut into three parts',
            expected='some frames in each part',
            cure='more labeled frames, or larger shares for validation and test',
        )
    return OwnSplit(
        f'by time within {len(sequences)} sequence(s), first frames to train on, last to test: '
        'a new video will be harder',
        tuple(parts['train']),
        tuple(parts['val']),
        tuple(parts['test']),
    )


def _size(names: Sequence[str], sequences: Mapping[str, list[str]]) -> int:
    return sum(len(sequences[name]) for name in names)
