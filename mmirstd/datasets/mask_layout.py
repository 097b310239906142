"""Where a data set with masks has its images, masks and lists: the layouts in which people ship one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmirstd.utils.errors import DataError

from .image_io import IMAGE_SUFFIXES
from .name_pairs import has_images, image_files
from .sequences import natural_key
from .split_file import read_split_entries

#: Folders of images and of masks, in lower case; the first that holds images counts.
IMAGE_FOLDERS = ('images', 'image', 'imgs', 'img', 'irstd1k_img', 'pngimages', 'mixed', 'img_dir')
MASK_FOLDERS = (
    *('masks', 'mask', 'labels', 'label', 'gt', 'irstd1k_label', 'annotations/masks', 'sirst/binarymask', 'ann_dir'),
)
#: What a folder of a split is called, in lower case -> the split.
SPLIT_FOLDERS = {
    **dict.fromkeys(('train', 'training', 'trainval', 'train2017'), 'train'),
    **dict.fromkeys(('val', 'valid', 'validation', 'val2017'), 'val'),
    **dict.fromkeys(('test', 'testing', 'test2017'), 'test'),
}


#: What tells in a list's name that it is one: ``train_NUAA-SIRST.txt``.
SPLIT_WORD = re.compile(r'trainval|train|val|test', re.IGNORECASE)


@dataclass(frozen=True)
class MaskPart:
    """Images and masks that belong together.

    Attributes:
        images: Folder of the images.
        masks: Folder of the masks; None: there is none.
        split: The folder that tells the split, in lower case: a key of :data:`SPLIT_FOLDERS`; None: none does.
        sequence: The folder of the sequence that the images are, below the root; None: it is no single one.
    """

    images: Path
    masks: Path | None
    split: str | None = None
    sequence: str | None = None


def mask_parts(root: Path) -> list[MaskPart]:
    """The folders of images and masks of a data set.

    These are ``images/`` and ``masks/``, or ``images/train`` and ``masks/train``, or ``train/images`` and
    ``train/masks``, with all the names of :data:`IMAGE_FOLDERS`, :data:`MASK_FOLDERS` and :data:`SPLIT_FOLDERS`.

    Args:
        root: The folder of the data set.

    Returns:
        One part for each split that folders tell, else one; nothing where there are no images in such folders, or where
        folders of other names have images and masks, too: then ``test/`` is a sequence like these.
    """
    images, masks = folder_of(root, IMAGE_FOLDERS), folder_of(root, MASK_FOLDERS)
    if images is not None:
        below = [folder for folder in _folders(images) if has_images(folder)]
        flat = any(path.suffix.lower() in IMAGE_SUFFIXES for path in images.iterdir())
        if below and not flat and all(map(_tells_split, below)):
            return [
                MaskPart(folder, masks and folder_of(masks, [folder.name.lower()]), folder.name.lower())
                for folder in below
            ]
        return [MaskPart(images, masks)]
    found = [
        (folder, MaskPart(images, folder_of(folder, MASK_FOLDERS), folder.name.lower()))
        for folder in _folders(root)
        if (images := folder_of(folder, IMAGE_FOLDERS)) is not None
    ]
    if any(part.masks is not None and not _tells_split(folder) for folder, part in found):
        return []
    return [part for folder, part in found if _tells_split(folder)]


def sequence_parts(root: Path) -> list[MaskPart]:
    """The sequences of a data set that have folders of images and masks of their own.

    These are ``SEQUENCE/images`` and ``SEQUENCE/masks``, or ``train/SEQUENCE/images``, and so on.

    Args:
        root: The folder of the data set.

    Returns:
        One part for each sequence, in natural order; nothing where there is none, or where a folder has lists: then
        the folders are data sets.
    """
    parts = []
    for place in [root, *filter(_tells_split, _folders(root))]:
        for folder in _folders(place):
            images = folder_of(folder, IMAGE_FOLDERS)
            if images is not None:
                lists = [path for below in list_folders(folder) for path in lists_in(below)]
                names = names_of(images) if lists else set()
                if any(names_any(path, names) for path in lists):
                    return []
                split = None if place == root else place.name.lower()
                name = folder.relative_to(root).as_posix()
                parts.append(MaskPart(images, folder_of(folder, MASK_FOLDERS), split, name))
    if any(part.split for part in parts):  # docs/images beside is no sequence
        parts = [part for part in parts if part.split or part.masks]
    return sorted(parts, key=lambda part: natural_key(str(part.images)))


def folder_of(root: Path, names: Sequence[str]) -> Path | None:
    """The first of these folders below a root that holds images, whatever the case of its letters.

    Args:
        root: Where to look.
        names: In lower case, with forward slashes.
    """
    if not root.is_dir():
        return None
    inside = _folders(root)
    for name in names:
        first, *below = name.split('/')
        places = [folder for folder in inside if folder.name.lower() == first]
        for part in below:
            places = [folder for place in places for folder in _folders(place) if folder.name.lower() == part]
        # of Images and images beside each other, the one that is written so
        found = [place for place in places if has_images(place)]
        found.sort(key=lambda place: place.relative_to(root).as_posix() != name)
        if found:
            return found[0]
    return None


def first_folder(root: str | os.PathLike[str], names: str | Sequence[str]) -> str:
    """The first of several names that is a folder below a root; else the first name there.

    Args:
        root: Where to look.
        names: One name or several, as a data set's ``data_prefix`` has them.
    """
    places = [os.path.join(root, name) for name in ([names] if isinstance(names, str) else names)]
    return next((place for place in places if os.path.isdir(place)), places[0])


def split_of(folders: Iterable[str]) -> str | None:
    """The split that the first of these folders tells, of those that tell one: ``'train'``, ``'val'`` or ``'test'``."""
    return next((SPLIT_FOLDERS[name.lower()] for name in folders if name.lower() in SPLIT_FOLDERS), None)


def ordered_splits(names: Iterable[str | None]) -> list[str | None]:
    """Distinct names of splits in the order of training, validation, test, others, none."""
    known = ('train', 'val', 'test')
    return sorted(set(names), key=lambda name: (known.index(name) if name in known else 3, name or ''))


def list_folders(root: Path) -> list[Path]:
    """Folders of lists: ``img_idx``, the root, then others, such as ``50_50``, ``idx_427`` or ``splits``."""
    plain = {name.split('/')[0] for name in (*IMAGE_FOLDERS, *MASK_FOLDERS)} - {'annotations'}
    others = [folder for folder in _folders(root) if folder.name.lower() not in plain]
    return [
        *(folder for folder in others if folder.name == 'img_idx'),
        root,
        *(folder for folder in others if folder.name != 'img_idx'),
    ]


def lists_in(folder: Path) -> list[Path]:
    """The text files of a folder whose names have a split in them, but those that are empty."""
    found = (path for path in sorted(folder.glob('*.txt')) if SPLIT_WORD.search(path.stem) and path.is_file())
    return [path for path in found if path.stat().st_size]


def names_of(images: Path) -> set[str]:
    """What a list may name of a folder: its images without suffix, and the folders that they are in."""
    return {part for name in image_files(images) for part in Path(name).with_suffix('').parts}


def names_any(path: Path, names: set[str]) -> bool:
    """Whether a text file has a line that names one of these: the log of a training, ``train.txt``, has none."""
    try:
        entries = read_split_entries(path)
    except DataError:
        return False
    return any(not names.isdisjoint(entry.image.removesuffix('.mat').split('/')) for entry in entries)


def _tells_split(folder: Path) -> bool:
    return folder.name.lower() in SPLIT_FOLDERS


def _folders(place: Path) -> list[Path]:
    with os.scandir(place) as entries:  # it tells folders from 100,000 images beside them without a look at each
        found = [entry for entry in entries if not entry.name.startswith('.')]
    return sorted(
        place / entry.name
        for entry in found
        if entry.is_dir(follow_symlinks=False) or (entry.is_symlink() and os.path.isdir(entry.path))
    )
