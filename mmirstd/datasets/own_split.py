"""Part images of one's own into training, validation and test images: by sequence where names tell, else by seed."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from mmirstd.utils.errors import DataError

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


def split_images(
    images: Sequence[str], by: str = 'auto', val: float = 0.15, test: float = 0.2, seed: int = 0
) -> OwnSplit:
    """Part images; the same list, seed and shares give the same parts on every machine.

    Args:
        images: Paths below the folder of images.
        by: ``'sequence'``: all frames of a sequence (:func:`sequence_of`) go to one part, so that no test image has a
            neighbor in training; ``'image'``: each image by itself; ``'auto'``: by sequence where there are at least
            three with three frames on average.
        val: Share of validation images, in (0, 1).
        test: Share of test images, in (0, 1).
        seed: Another seed parts otherwise.

    Raises:
        DataError: There are fewer than five images, or fewer than three sequences to part by.
        ValueError: A share or ``by`` is out of range.
    """
    if by not in ('auto', 'sequence', 'image'):
        raise ValueError(f"by is {by!r}; expected 'auto', 'sequence' or 'image'")
    if not (val > 0 and test > 0 and val + test < 1):
        raise ValueError(f'val={val} and test={test}; expected shares above 0 that leave some to train on')
    if len(images) < _LEAST_IMAGES:
        raise DataError(
            f'{len(images)} image(s) with labels cannot be parted into training, validation and test',
            expected=f'at least {_LEAST_IMAGES}',
        )
    sequences: dict[str, list[str]] = {}
    for image in images:
        sequences.setdefault(sequence_of(image), []).append(image)
    enough = len(sequences) >= _LEAST_SEQUENCES
    if by == 'sequence' and not enough:
        raise DataError(
            f'the names tell {len(sequences)} sequence(s): {", ".join(map(repr, sequences))}',
            expected=f'at least {_LEAST_SEQUENCES} to part by',
            cure='a folder for each sequence, or part by image',
        )
    if by == 'sequence' or (by == 'auto' and enough and len(images) >= _LEAST_FRAMES * len(sequences)):
        return _by_sequence(images, sequences, val, test, seed)
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
    images: Sequence[str], sequences: dict[str, list[str]], val: float, test: float, seed: int
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
    chosen = {part: tuple(image for image in images if sequence_of(image) in names) for part, names in parts.items()}
    return OwnSplit(f'by sequence ({len(sequences)} sequences, seed {seed})', **chosen)


def _size(names: Sequence[str], sequences: dict[str, list[str]]) -> int:
    return sum(len(sequences[name]) for name in names)
