"""Where an exported file may go: told before the work, not after it."""

from __future__ import annotations

import os
from pathlib import Path

from mmirstd.utils.errors import UserError

from .graph_description import SUFFIXES


def check_export_path(path: Path, form: str, overwrite: bool = True) -> None:
    """See that a file of a format can be written to a path.

    Args:
        path: The file.
        form: Of ``SUFFIXES``.
        overwrite: Whether files that are there may be replaced.

    Raises:
        UserError: The name does not end as the format's files do, something is there, or nothing can be put there.
    """
    suffix = path.suffix if form == 'openvino' else path.suffix.lower()  # OpenVINO writes to no name in capitals
    if suffix != SUFFIXES[form]:
        raise UserError(f'{path}: expected a name that ends in {SUFFIXES[form]} for --format {form}')
    written = [path, path.with_suffix('.bin')] if form == 'openvino' else [path]
    for file in written:
        if file.is_dir():
            raise UserError(f'{file}: is a folder', expected='the name of a file')
        if file.exists() and not overwrite:
            raise UserError(f'{file}: exists already', cure='another -o FILE, or --overwrite')
    folder = next(one for one in path.absolute().parents if one.exists())
    if not folder.is_dir():
        raise UserError(f'{path}: cannot be written', found=f'the file {folder}', expected='a folder of this name')
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(f'{path}: cannot be written: no right to write to {folder}', cure='another -o FILE')
