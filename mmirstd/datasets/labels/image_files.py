"""The image that a label file means: found by name below a folder, and copied."""

from __future__ import annotations

import os
import shutil
from collections.abc import Container
from itertools import chain, count
from pathlib import Path

from mmirstd.utils.errors import DataError, MissingDataError
from mmirstd.utils.files import atomic_path, write_bytes

from ..image_io import IMAGE_SUFFIXES
from ..mask_layout import split_of
from ..sequences import frame_number, natural_key
from .label_set import LabeledImage

#: Folders that tell nothing of their images but the split.
_PLAIN_FOLDERS = frozenset(
    ('images', 'image', 'imgs', 'img', 'JPEGImages', 'data', 'train', 'val', 'valid', 'test', 'train2017', 'val2017')
)


class ImageFolder:
    """The images below a folder, found by what other programs wrote for their names.

    Args:
        root: The folder.
        by_number: See :class:`~.options.ReadOptions`.
    """

    def __init__(self, root: str | os.PathLike[str], by_number: bool = False) -> None:
        self.root = Path(root)
        self._numbered: dict[tuple[str, int | None], list[str]] | None = {} if by_number else None
        self.names = sorted(
            (
                path.relative_to(self.root).as_posix()
                for path in self.root.rglob('*')
                # macOS leaves ._NAME.png beside NAME.png on other disks
                if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith('.') and path.is_file()
            ),
            key=natural_key,
        )
        self._by_stem: dict[str, list[str]] = {}
        self._by_end: dict[str, list[str]] = {}
        for name in self.names:
            stem = os.path.splitext(name)[0]
            self._by_stem.setdefault(stem, []).append(name)
            parts = stem.split('/')
            for start in range(len(parts)):
                self._by_end.setdefault('/'.join(parts[start:]), []).append(name)
            if self._numbered is not None:
                self._numbered.setdefault((os.path.dirname(stem), frame_number(stem)), []).append(name)

    def find(self, name: str, beside: Path | None = None) -> str | None:
        """The image that is meant.

        Its folders may be of another machine, its suffix another one (a data set converted from BMP to PNG).

        Args:
            name: A path or name, with or without suffix.
            beside: The folder of the label file, if paths are meant from there. Where folders of it tell a split,
                images of another split do not fit: ``test/xml/1.xml`` is not of ``train/img/1.jpg``.

        Returns:
            Its path below the folder, the one with the most folders in common; None without any.

        Raises:
            DataError: Several images fit equally well.
        """
        if beside is not None:
            place = Path(os.path.normpath(beside / name.strip().replace('\\', '/')))
            if os.path.isfile(place) and place.suffix.lower() in IMAGE_SUFFIXES and place.is_relative_to(self.root):
                return place.relative_to(self.root).as_posix()
        stem, suffix = os.path.splitext(clean_name(name))
        stem, suffix = (stem, suffix.lower()) if suffix.lower() in IMAGE_SUFFIXES else (stem + suffix, '')
        below = beside.relative_to(self.root).parts if beside is not None and beside.is_relative_to(self.root) else ()
        split = split_of(below)
        parts = stem.split('/')
        rests = ['/'.join(parts[start:]) for start in range(len(parts))]
        for known in (suffix, '') if suffix else ('',):
            for rest in rests:
                fits = self._by_stem.get(rest) or self._by_end.get(rest, [])
                fits = [fit for fit in fits if fit.lower().endswith(known)]
                if split is not None:
                    fits = [fit for fit in fits if split_of(fit.split('/')[:-1]) in (split, None)]
                if len(fits) > 1:
                    raise DataError(
                        f'{self.root}: {len(fits)} images fit {name!r}: {", ".join(fits[:3])}; remove all but one, or '
                        'name their folder (--images)'
                    )
                if fits:
                    return fits[0]
        return self._find_by_number(stem)

    def _find_by_number(self, stem: str) -> str | None:
        number = frame_number(stem)
        if self._numbered is None or number is None:
            return None
        folder = os.path.dirname(stem)
        fits = next((fits for place in (folder, '') if (fits := self._numbered.get((place, number)))), [])
        return fits[0] if len(fits) == 1 else None

    def path(self, name: str) -> Path:
        """Where an image is."""
        return self.root / name


def clean_name(name: str) -> str:
    """A name with forward slashes, without drive, ``.`` and ``..``."""
    parts = name.strip().replace('\\', '/').split('/')
    return '/'.join(part for part in parts if part not in ('', '.', '..') and not part.endswith(':'))


def short_name(name: str) -> str:
    """A name without the folders in front of it that only say that there are images, or of which split."""
    parts = name.split('/')
    while len(parts) > 1 and parts[0] in _PLAIN_FOLDERS:
        parts = parts[1:]
    return '/'.join(parts)


def free_name(name: str, taken: Container[str]) -> str:
    """A name whose part without suffix is not taken: the kind of file is added to it (``a_bmp.bmp``), else a number.

    Args:
        name: With suffix.
        taken: Names without suffix.
    """
    stem, suffix = os.path.splitext(name)
    choices = (f'{stem}_{end}' for end in chain([suffix[1:]], count(2)))
    return next(choice for choice in choices if choice not in taken) + suffix


def is_there(image: LabeledImage, target: Path) -> bool:
    """Whether an image is where a data set has it.

    Args:
        image: With its file, or its content.
        target: The place.

    Raises:
        MissingDataError: The image is not there.
        DataError: The place holds another file.
    """
    if image.path is None and image.data is None:
        raise MissingDataError(f'{image.name}: no such image, named by {image.where}')
    if not target.exists():
        return False
    same = target.is_file() and (
        target.samefile(image.path) or target.read_bytes() == image.path.read_bytes()
        if image.path is not None
        else target.read_bytes() == image.data
    )
    if not same:
        raise DataError(f'{target}: is there already, and is another image than {image.path or image.name}')
    return True


def bring_image(image: LabeledImage, target: Path, mode: str) -> None:
    """Put an image where a data set has it, and nothing is yet.

    Args:
        image: With its file, or its content.
        target: The place.
        mode: A key of ``choices.COPY_MODES`` other than ``'none'``.
    """
    if image.path is None:
        assert image.data is not None
        write_bytes(target, image.data)
    elif mode == 'link':
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(image.path.resolve())
    else:
        with atomic_path(target) as temporary:
            shutil.copyfile(image.path, temporary)
