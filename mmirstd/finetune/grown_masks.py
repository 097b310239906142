"""Masks that grew from points are made once, and kept as they are: a person may have corrected them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mmirstd.utils.errors import DataError
from mmirstd.utils.files import file_sha256, write_json
from mmirstd.utils.json_text import parse_json

GROWN_FILE = 'grown_from.json'


def label_digests(source: Path) -> dict[str, str]:
    """SHA-256 of the file that labels are, or of each file in their folder, by its path."""
    files = sorted(path for path in source.rglob('*') if path.is_file()) if source.is_dir() else [source]
    return {path.relative_to(source.parent).as_posix(): file_sha256(path) for path in files}


def grow_once(folder: Path, source: Path, options: Mapping[str, Any], make: Callable[[], list[str]]) -> list[str]:
    """Make a folder of masks, unless it was made of the same labels before.

    Args:
        folder: Where to.
        source: Labels, a file or a folder.
        options: What else decides about the masks; JSON values.
        make: Fills the folder; what is to be said.

    Returns:
        What is to be said.

    Raises:
        DataError: The folder holds something else, which is not written over.
    """
    made_of = dict(options=dict(options), labels=label_digests(source))
    note = folder / GROWN_FILE
    before = parse_json(note.read_text(encoding='utf-8')) if note.is_file() else None
    if before is None and folder.is_dir() and any(folder.iterdir()):
        found = 'files that did not grow from points'
    elif before is not None and before['made_of'] != made_of:
        found = 'masks that grew from other points, or otherwise'
    elif before is not None and before['whole']:
        return [f'the masks that grew before are taken as they are now: {folder}']
    else:
        write_json(note, dict(made_of=made_of, whole=False))
        said = make()
        write_json(note, dict(made_of=made_of, whole=True))
        return said
    raise DataError(str(folder), found=found, cure='name another folder with --out, or remove this one')
