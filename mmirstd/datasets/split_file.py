"""Split files (one sample ID per line) and deterministic hold-outs from them."""

from __future__ import annotations

import difflib
import hashlib
import os
from collections.abc import Sequence

from .errors import DataError, MissingDataError
from .image_io import IMAGE_SUFFIXES


def read_split(path: str | os.PathLike) -> list[str]:
    """Read the sample IDs of a split file, in the file's order.

    Blank lines, surrounding white space, Windows line ends, a byte-order mark
    and image suffixes (``Misc_1.png``) are tolerated.

    Args:
        path: a text file with one ID per line.

    Returns:
        The IDs without suffix, at least one.

    Raises:
        MissingDataError: no such file; the message lists similar files.
        DataError: the file holds no ID, or an ID twice.
    """
    path = os.fspath(path)
    try:
        with open(path, encoding='utf-8-sig') as file:
            lines = [line.strip() for line in file]
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise MissingDataError(f'{path}: no such split file.{_similar_files(path)}') from None
    except UnicodeDecodeError as error:
        raise DataError(f'{path}: not a text file ({error}); expected one sample ID per line') from None

    first_line: dict[str, int] = {}
    duplicates = []
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        stem, suffix = os.path.splitext(line)
        sample_id = stem if suffix.lower() in IMAGE_SUFFIXES else line
        if sample_id in first_line:
            duplicates.append(f'{sample_id} (lines {first_line[sample_id]} and {number})')
        else:
            first_line[sample_id] = number
    if not first_line:
        raise DataError(f'{path}: the split file is empty; expected one sample ID per line')
    if duplicates:
        more = f' and {len(duplicates) - 5} more' if len(duplicates) > 5 else ''
        raise DataError(
            f'{path}: {len(duplicates)} sample ID(s) appear twice: {", ".join(duplicates[:5])}{more}; '
            'remove the repeated lines')
    return list(first_line)


def hold_out(sample_ids: Sequence[str], part: str, num: int | None = None, fraction: float | None = None,
             seed: int = 0) -> list[str]:
    """Split a list of IDs into a training and a validation part, reproducibly.

    The IDs with the ``num`` smallest SHA-256 digests of ``"seed:ID"`` are the
    validation part.  Neither the order of the list nor the version of any
    library changes the outcome, and an ID added to the list moves at most one
    other ID.

    Args:
        sample_ids: all IDs, distinct.
        part: ``'train'`` or ``'val'``: which part to return.
        num: size of the validation part; give this or ``fraction``.
        fraction: size of the validation part as a share of all, in (0, 1).
        seed: another seed gives another split.

    Returns:
        The IDs of the part, in the order of ``sample_ids``.

    Raises:
        ValueError: wrong arguments, or one of the parts would be empty.
    """
    if part not in ('train', 'val'):
        raise ValueError(f"holdout part is {part!r}; expected 'train' or 'val'")
    if (num is None) == (fraction is None):
        raise ValueError('holdout needs exactly one of num and fraction')
    if num is None:
        if not 0 < fraction < 1:
            raise ValueError(f'holdout fraction is {fraction}; expected a value between 0 and 1')
        num = max(1, round(len(sample_ids) * fraction))
    if not 0 < num < len(sample_ids):
        raise ValueError(
            f'holdout of {num} samples out of {len(sample_ids)} leaves an empty part; expected a number from 1 '
            f'to {len(sample_ids) - 1}')
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
