"""The formats by name, and which one a source is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmirstd.utils.errors import DataError, MissingDataError

from ..name_pairs import has_images
from . import anti_uav, coco, cvat, labelme, mask_folder, mot, points, txt_list, voc, yolo
from .choices import FORMAT_TEXTS, READ_ONLY
from .label_set import LabelSet
from .options import ReadOptions


@dataclass(frozen=True)
class Format:
    """A format.

    Attributes:
        name: As on the command line.
        description: What it is, in a few words.
        find: The label files of a source, none where it is another format.
        label_files: Those of a folder that ``write`` wrote to.
        read: Reads a source.
        write: Writes a label set; gives what the format does not hold. None: the format is only read.
    """

    name: str
    description: str
    find: Callable[[Path], list[Path]]
    label_files: Callable[[Path], list[Path]]
    read: Callable[[Path, ReadOptions], LabelSet]
    write: Callable[..., list[str]] | None


def _format(module: Any) -> Format:
    label_files = getattr(module, 'label_files', module.find)
    write = None if module.NAME in READ_ONLY else module.write
    return Format(module.NAME, FORMAT_TEXTS[module.NAME], module.find, label_files, module.read, write)


_MODULES = (mask_folder, coco, voc, cvat, labelme, txt_list, points, yolo, mot, anti_uav)


#: By name.
FORMATS = {known.name: known for known in map(_format, _MODULES)}


def find_format(source: Path) -> Format:
    """The format of a file or folder, by what is in it.

    Raises:
        MissingDataError: There is no such file or folder.
        DataError: None fits, or several do.
    """
    if not source.exists():
        raise MissingDataError(f'{source}: no such file or folder')
    found = [known for known in FORMATS.values() if known.find(source)]
    if len(found) == 1:
        return found[0]
    names = ', '.join(f'{name} ({known.description})' for name, known in FORMATS.items())
    if len(found) > 1:
        raise DataError(
            f'{source}: holds labels of several formats, {" and ".join(known.name for known in found)}; say with '
            '--from which to take'
        )
    if cure := labels_nearby(source):
        raise DataError(
            f'{source}: holds no labels of a known format where they are looked for', expected=names, cure=cure
        )
    if source.is_dir() and has_images(source):
        raise DataError(
            f'{source}: is a folder of images, without labels of a known format',
            expected=names,
            cure=f'of masks, name the folder that holds images/ and masks/, as {source.absolute().parent} may do',
        )
    raise DataError(f'{source}: holds no labels of a known format; expected {names}. Say which with --from')


def labels_nearby(source: Path) -> str | None:
    """What to do where labels are near, or of a program whose files are not read."""
    if any(_is_label_studio(path) for path in ([source] if source.is_file() else sorted(source.glob('*.json')))):
        return "Label Studio's own JSON is not read: export the project as COCO or YOLO, with images"
    for folder in sorted(source.iterdir()) if source.is_dir() else []:
        near = [known.name for known in FORMATS.values() if folder.is_dir() and known.find(folder)]
        if near:
            return (
                f'{folder} holds labels of the format {" and ".join(near)}: name it, or one of its files, and the '
                f'folder of the images with --images, such as {source}'
            )
    return None


def _is_label_studio(path: Path) -> bool:
    if path.suffix.lower() != '.json' or not path.is_file():
        return False
    with open(path, 'rb') as file:
        return b'"rectanglelabels"' in file.read(20_000).lower()


def read_labels(source: Path, name: str | None = None, options: ReadOptions | None = None) -> LabelSet:
    """Read a data set.

    Args:
        source: A file or folder.
        name: A key of :data:`FORMATS`; None: it is found.
        options: What the files leave open; None: what is usual.

    Returns:
        The data set, not yet checked (:func:`~.checking.check`).

    Raises:
        MissingDataError: The source, or a file that it needs, is missing.
        DataError: A file that cannot be understood.
    """
    if not source.exists():
        raise MissingDataError(f'{source}: no such file or folder')
    known = FORMATS[name] if name else find_format(source)
    if not known.find(source):
        raise DataError(f'{source}: holds no labels of the format {known.name} ({known.description})')
    labels = known.read(source, options or ReadOptions())
    undivided = [image.name for image in labels.images if image.split is None]
    if undivided and any(labels.splits):
        named = ', '.join(split for split in labels.splits if split)
        labels.notes.append(
            f'{len(undivided)} images are in no split, the first is {undivided[0]}; others are in {named}'
        )
    if not name:
        labels.notes.insert(0, f'{source} is read as {known.name} ({known.description})')
    return labels
