"""Predictions in a folder, and the masks and images that belong to them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmirstd.datasets.folder_index import MASK_STEMS
from mmirstd.datasets.name_pairs import image_files, pair_by_name
from mmirstd.datasets.split_file import read_split_entries
from mmirstd.utils.commands import command_line
from mmirstd.utils.errors import ConfigError, DataError, MissingDataError, first_few
from mmirstd.utils.json_text import parse_json

from .prediction_dump import FORMAT
from .prediction_files import PREDICTION_SUFFIXES

_IMAGE_FOLDERS = ('images', 'image', 'imgs', 'img')


@dataclass(frozen=True)
class PredictedImage:
    """A prediction and what it is held against.

    Attributes:
        name: The image's name below its folder, without suffix; the mask's where there is no image.
        prediction: Its file.
        mask: The ground truth's.
        image: The gray image's; None: there is none.
    """

    name: str
    prediction: Path
    mask: Path
    image: Path | None = None


def pair_folders(
    predictions: str | os.PathLike[str],
    truth: str | os.PathLike[str],
    images: str | os.PathLike[str] | None = None,
    split: str | os.PathLike[str] | None = None,
    noun: str = 'prediction',
) -> tuple[list[PredictedImage], list[str]]:
    """Pair by names, see :func:`mmirstd.datasets.name_pairs.pair_by_name`.

    Args:
        predictions: Folder of the predictions.
        truth: Folder of the masks.
        images: Folder of the gray images. Default: a folder of that name beside the masks.
        split: List of the images that count. All must have a prediction.
        noun: What the files of the first folder are called in messages.

    Returns:
        The pairs, in the list's order or else in natural order, and what was found, a line each.

    Raises:
        MissingDataError: A folder or file, or a prediction of the list, is missing.
        DataError: The names do not tell what belongs together.
        ConfigError: Both folders are one.
    """
    root, mask_root = Path(predictions).expanduser(), Path(truth).expanduser()
    if root.is_dir() and mask_root.is_dir() and root.samefile(mask_root):
        raise ConfigError(f'{root}: is given for the predictions and for the masks', expected='two folders')
    _no_dump(root)
    files, masks = image_files(root, PREDICTION_SUFFIXES), image_files(mask_root, PREDICTION_SUFFIXES)
    try:
        pairs = pair_by_name(files, masks, f'{root} and {mask_root}', noun)
    except DataError:
        _no_repeated_names(root, files)
        raise
    found, notes = dict(pairs.pairs), [f'{pairs}']
    if split is not None:
        found = _listed(found, masks, split, root)
        notes.append(f'{len(found)} images are in {split}')
    gray = _gray_images(mask_root, list(found.values()), images, notes)
    pictures = {mask: (path, name) for mask, path, name in gray}
    listed = []
    for file, mask in found.items():
        image, name = pictures.get(mask, (None, os.path.splitext(mask)[0]))
        listed.append(PredictedImage(name, root / file, mask_root / mask, image))
    return listed, notes


def _no_dump(root: Path) -> None:
    for folder in (root, root.parent):
        try:
            index = parse_json((folder / 'index.json').read_text(encoding='utf-8'))
        except (OSError, ValueError):
            continue
        if isinstance(index, dict) and index.get('format') == FORMAT:
            raise DataError(
                f'{folder}: is a dump of a test run, whose measures are in its metrics.json',
                cure=f'for a report: {command_line("report", folder)}',
            )


def _no_repeated_names(root: Path, files: Sequence[str]) -> None:
    """A clearer error where the names are those of several predictions of one image."""
    by_name: dict[str, list[str]] = {}
    for file in files:
        by_name.setdefault(Path(file).stem, []).append(file)
    name, same = max(by_name.items(), key=lambda item: len(item[1]))
    if len(same) > 1:
        raise DataError(
            f'{root}: {len(same)} predictions are called {name!r}: {", ".join(same[:3])}{", ..." * (len(same) > 3)}',
            expected='one prediction an image',
            cure='give the folder of one data set and one network, with one kind of files, such as '
            f'{(root / same[0]).parent.as_posix()}',
        )


def _listed(found: dict[str, str], masks: Sequence[str], split: str | os.PathLike[str], root: Path) -> dict[str, str]:
    """The pairs of a list, in its order."""
    by_stem = {os.path.splitext(mask)[0]: mask for mask in masks}
    prediction_of = {mask: file for file, mask in found.items()}
    chosen, no_mask, missing = {}, [], []
    for entry in read_split_entries(split):
        names = [entry.mask] if entry.mask else [entry.image + stem for stem in MASK_STEMS]
        mask = next((by_stem[name] for name in names if name in by_stem), None)
        if mask is None:
            no_mask.append(f'line {entry.line}: {entry.image}')
        elif mask in prediction_of:
            chosen[prediction_of[mask]] = mask
        else:
            missing.append(f'line {entry.line}: {entry.image}')
    for lines, what in ((no_mask, 'mask'), (missing, 'prediction')):
        if lines:
            where = '' if what == 'mask' else f' in {root}'
            raise MissingDataError(f'{split}: {len(lines)} of its images have no {what}{where}:\n{first_few(lines)}')
    return chosen


def _gray_images(
    mask_root: Path, masks: Sequence[str], images: str | os.PathLike[str] | None, notes: list[str]
) -> list[tuple[str, Path, str]]:
    """Of each mask that has one: mask, image file, and the image's name without suffix."""
    beside = [mask_root.parent / name for name in _IMAGE_FOLDERS]
    folder = Path(images).expanduser() if images is not None else next((path for path in beside if path.is_dir()), None)
    if folder is None:
        return []
    files = image_files(folder)
    try:
        found = pair_by_name(masks, files).pairs  # each mask needs an image, not each image a mask
    except DataError:
        if images is None:
            return []
        raise DataError(
            f'{folder}: its names ({", ".join(files[:3])}, ...) do not tell which image belongs to which mask of '
            f'{mask_root} ({", ".join(masks[:3])}, ...)',
            cure='rename the images like the masks',
        ) from None
    if images is None:
        notes.append(f'the gray images are those of {folder}')
    return [(mask, folder / file, os.path.splitext(file)[0]) for mask, file in found.items()]
