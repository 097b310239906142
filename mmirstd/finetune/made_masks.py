"""Masks that are made of the labels of another program, in a folder that holds those of one call and no others."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from mmirstd.utils.errors import DataError
from mmirstd.utils.files import write_json
from mmirstd.utils.json_text import parse_json

from .grown_masks import GROWN_FILE, label_digests

_FILE = 'made_of.json'


def make_anew(folder: Path, source: Path, make: Callable[[Path], list[str]]) -> list[str]:
    """Make a folder of images and masks in place of the one that an earlier call made.

    So an image that is no longer in the labels is no longer in the folder, and a call that fails changes nothing.

    Args:
        folder: Where to.
        source: Labels, a file or a folder.
        make: Fills the folder it is given; what is to be said.

    Returns:
        What is to be said.

    Raises:
        DataError: The folder holds what no such call made, which is not removed.
    """
    if folder.exists() and not (folder / _FILE).is_file() and not (folder.is_dir() and not any(folder.iterdir())):
        raise DataError(
            str(folder),
            found='files that no such command made, or that an earlier version made',
            expected='nothing, or masks that were made of labels',
            cure='name another folder with --out, or remove this one',
        )
    labels = label_digests(source)
    unfinished = folder.with_name(folder.name + '.unfinished')
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        said = make(unfinished)
        write_json(unfinished / _FILE, dict(labels=labels))
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
    for name in (_FILE, GROWN_FILE):
        if not (folder / name).is_file():
            continue
        before = parse_json((folder / name).read_text(encoding='utf-8'))
        if before.get('made_of', before)['labels'] != label_digests(source):
            return [
                f'{source}: the labels were changed since the training began; it goes on with the masks that were '
                f'made before, in {folder}. To train with the labels as they are now, name another folder with --out'
            ]
    return [f'the masks with which the training began are kept: {folder}']
