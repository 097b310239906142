"""Masks that are made of the labels of another program, in a folder that holds those of one call and no others.

A person may correct them by hand. Such masks are never made again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mmirstd.utils.errors import DataError
from mmirstd.utils.files import file_sha256, write_json
from mmirstd.utils.json_text import parse_json

_FILE = 'made_of.json'


def make_masks(folder: Path, source: Path, options: Mapping[str, Any], make: Callable[[Path], list[str]]) -> list[str]:
    """Make a folder of images and masks in place of the one that an earlier call made.

    So an image that is no longer in the labels is no longer in the folder, and a call that fails changes nothing.
    Masks that were changed since they were made stay as they are.

    Args:
        folder: Where to; the masks are in ``folder/masks``.
        source: Labels, a file or a folder.
        options: What else decides about the masks; JSON values.
        make: Fills the folder it is given; what is to be said.

    Returns:
        What is to be said.

    Raises:
        DataError: The folder holds what no such call made, or masks of other labels or options that were changed
            since.  Neither is removed.
    """
    elsewhere = 'name another folder with --out, or remove this one'
    made_of = dict(labels=_digests(source), options=dict(options))
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        before = _read(folder)
        if before is None:
            raise DataError(
                str(folder),
                found='files that no such command made, or that an earlier version made',
                expected='nothing, or masks that were made of labels',
                cure=elsewhere,
            )
        corrected = _corrected(folder, before)
        if corrected and before['made_of'] == made_of:
            return [f'{corrected} masks were changed since they were made; all are taken as they are now: {folder}']
        if corrected:
            raise DataError(
                str(folder),
                found=f'{corrected} masks that were changed since they were made, of other labels or by other options',
                cure=elsewhere,
            )
    unfinished = folder.with_name(folder.name + '.unfinished')
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        said = make(unfinished)
        write_json(unfinished / _FILE, dict(made_of=made_of, masks=_digests(unfinished / 'masks')))
        if folder.exists():
            shutil.rmtree(folder)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return said


def keep_begun(folder: Path, source: Path) -> list[str]:
    """What is to be said of masks that a training has begun with: they stay, whatever the labels are now.

    Args:
        folder: The folder that holds them.
        source: The labels, a file or a folder.
    """
    before = _read(folder)
    if before is not None and before['made_of']['labels'] != _digests(source):
        return [
            f'{source}: the labels were changed since the training began; it goes on with the masks that were '
            f'made before, in {folder}. To train with the labels as they are now, name another folder with --out'
        ]
    return [f'the masks with which the training began are kept: {folder}']


def _read(folder: Path) -> dict[str, Any] | None:
    """What is noted of a folder that :func:`make_masks` made; None for any other, and of one with an older note."""
    file = folder / _FILE
    noted = parse_json(file.read_text(encoding='utf-8')) if file.is_file() else None
    return noted if noted is not None and {'made_of', 'masks'} <= set(noted) else None


def _corrected(folder: Path, noted: Mapping[str, Any]) -> int:
    """How many masks were changed, added or removed since they were made."""
    before, now = noted['masks'], _digests(folder / 'masks')
    return sum(before.get(name) != now.get(name) for name in {*before, *now})


def _digests(source: Path) -> dict[str, str]:
    """SHA-256 of a file, or of each file in a folder, by its path."""
    files = sorted(path for path in source.rglob('*') if path.is_file()) if source.is_dir() else [source]
    return {path.relative_to(source.parent).as_posix(): file_sha256(path) for path in files}
