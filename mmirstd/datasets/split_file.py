"""Split files (one sample ID per line) and deterministic hold-outs from them."""

from __future__ import annotations

import difflib
import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmirstd.utils.errors import DataError, MissingDataError

from .image_io import IMAGE_SUFFIXES
from .text_file import read_text


@dataclass(frozen=True)
class SplitEntry:
    """A line of a split file.

    Attributes:
        image: The image's ID: its name without suffix, below a folder if the line says so; with forward slashes.
        mask: The mask's ID where the line has a second column, else None.
        line: Line number in the file, from 1.
    """

    image: str
    mask: str | None
    line: int


_SUFFIX = '|'.join(re.escape(suffix) for suffix in IMAGE_SUFFIXES)
_TWO_FILES = re.compile(rf'(.+?(?:{_SUFFIX}))\s*[\s,;]\s*(.+(?:{_SUFFIX}))', re.IGNORECASE)
_TWO_IDS = re.compile(r'([^\s,;]+)\s*[\s,;]\s*([^\s,;]+)')


def read_split_entries(path: str | os.PathLike[str]) -> list[SplitEntry]:
    """Read a split file: one sample a line, as ID, file name or path, or as image and mask in two columns.

    UTF-8 or UTF-16, blank lines, surrounding white space, Windows line ends and backslashes, a byte-order mark, image
    suffixes (``Misc_1.png``) and ``./`` are tolerated.  Columns are parted by white space, comma or semicolon; they
    are told from a name with spaces by both ending in an image suffix, or by both being paths to the same name.

    Args:
        path: A text file.

    Returns:
        The entries in the file's order, at least one, with distinct images.

    Raises:
        MissingDataError: No such file; the message lists similar files.
        DataError: No text file, no entry, or an image twice.
    """
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise MissingDataError(f'{path}: no such split file.{_similar_files(path)}')
    entries: dict[str, SplitEntry] = {}
    duplicates = []
    for number, line in enumerate(read_text(path, 'one sample ID per line').splitlines(), 1):
        line = line.strip().replace('\\', '/')
        if not line:
            continue
        image, mask = _columns(line)
        entry = SplitEntry(_sample_id(image), None if mask is None else _sample_id(mask), number)
        if entry.image in entries:
            duplicates.append(f'{entry.image} (lines {entries[entry.image].line} and {number})')
        else:
            entries[entry.image] = entry
    if not entries:
        raise DataError(f'{path}: the split file is empty; expected one sample ID per line')
    if duplicates:
        more = f' and {len(duplicates) - 5} more' if len(duplicates) > 5 else ''
        raise DataError(
            f'{path}: {len(duplicates)} sample ID(s) appear twice: {", ".join(duplicates[:5])}{more}; '
            'remove the repeated lines'
        )
    return list(entries.values())


def read_split(path: str | os.PathLike[str]) -> list[str]:
    """The image IDs of a split file, see :func:`read_split_entries`."""
    return [entry.image for entry in read_split_entries(path)]


def _columns(line: str) -> tuple[str, str | None]:
    """Image and mask of a line; None without a second column."""
    pair = _TWO_FILES.fullmatch(line)
    if pair is None:
        pair = _TWO_IDS.fullmatch(line)
        if pair is not None and ('/' not in pair[1] or os.path.basename(pair[1]) != os.path.basename(pair[2])):
            pair = None
    return (line, None) if pair is None else (pair[1], pair[2])


def _sample_id(name: str) -> str:
    stem, suffix = os.path.splitext(name.strip().removeprefix('./'))
    return stem if suffix.lower() in IMAGE_SUFFIXES else stem + suffix


def check_holdout(holdout: Mapping[str, Any]) -> None:
    """Check the arguments of :func:`hold_out`, all but the IDs.

    Raises:
        ValueError: One is unknown, missing or wrong.
    """
    unknown = sorted(set(holdout) - {'part', 'num', 'fraction', 'seed'})
    if unknown:
        raise ValueError(f'holdout has the unknown entry {", ".join(unknown)}; expected part, num or fraction, seed')
    part, num, fraction = (holdout.get(key) for key in ('part', 'num', 'fraction'))
    if part not in ('train', 'val'):
        raise ValueError(f"holdout part is {part!r}; expected 'train' or 'val'")
    if (num is None) == (fraction is None):
        raise ValueError(
            f'holdout has num={num!r} and fraction={fraction!r}; expected exactly one of num and fraction '
            '(set the other to None)'
        )
    if num is None:
        if isinstance(fraction, bool) or not isinstance(fraction, (int, float)) or not 0 < fraction < 1:
            raise ValueError(f'holdout fraction is {fraction!r}; expected a number between 0 and 1')
    elif isinstance(num, bool) or not isinstance(num, int) or num < 1:
        raise ValueError(f'holdout num is {num!r}; expected a whole number from 1 on')


def hold_out(
    sample_ids: Sequence[str],
    part: str,
    num: int | None = None,
    fraction: float | None = None,
    seed: int = 0,
    source: str = '',
) -> list[str]:
    """Split a list of IDs into a training and a validation part, reproducibly.

    The IDs with the ``num`` smallest SHA-256 digests of ``"seed:ID"`` are the
    validation part.  Neither the order of the list nor the version of any
    library changes the outcome, and an ID added to the list moves at most one
    other ID.

    Args:
        sample_ids: All IDs, distinct.
        part: ``'train'`` or ``'val'``: which part to return.
        num: Size of the validation part; give this or ``fraction``.
        fraction: Size of the validation part as a share of all, in (0, 1).
        seed: Another seed gives another split.
        source: What the IDs come from, for the message: a split file, say.

    Returns:
        The IDs of the part, in the order of ``sample_ids``.

    Raises:
        ValueError: Wrong arguments.
        DataError: One of the parts would be empty.
    """
    check_holdout(dict(part=part, num=num, fraction=fraction, seed=seed))
    total = len(sample_ids)
    if num is None:
        assert fraction is not None  # check_holdout
        num = max(1, round(total * fraction))
    if num >= total:
        where = f'{source}: ' if source else ''
        cure = (
            f'hold out fewer (--cfg-options holdout.num=N with N from 1 to {total - 1}, or holdout.fraction=0.1)'
            if total > 1
            else 'one alone cannot be split: add data'
        )
        raise DataError(
            f'{where}the hold-out takes {num} of {total}, so nothing is left to train on; {cure}, or give a validation '
            'list of its own and switch the hold-out off (train_dataloader.dataset.holdout=None '
            'val_dataloader.dataset.holdout=None)'
        )
    ranked = sorted(sample_ids, key=lambda name: hashlib.sha256(f'{seed}:{name}'.encode()).digest())
    held = set(ranked[:num])
    return [name for name in sample_ids if (name in held) == (part == 'val')]


def _similar_files(path: str) -> str:
    """What else there is near a missing split file, as the end of a message."""
    folder, name = os.path.split(path)
    if not os.path.isdir(folder or '.'):
        parent = os.path.dirname(folder)
        inside = sorted(os.listdir(parent))[:10] if os.path.isdir(parent) else []
        return f' Its folder does not exist either; {parent} holds {inside}' if inside else ''
    present = sorted(entry for entry in os.listdir(folder or '.') if entry.endswith('.txt'))
    if not present:
        return ' Its folder holds no .txt file.'
    near = difflib.get_close_matches(name, present, n=5, cutoff=0.5)
    if near:
        return f' Similar files in its folder: {", ".join(near)}'
    return f' Its folder holds: {", ".join(present[:10])}'
