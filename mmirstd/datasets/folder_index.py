"""Find the file of a sample ID in a folder, whatever its suffix."""

from __future__ import annotations

import os

from mmirstd.utils.errors import DataError

from .image_io import IMAGE_SUFFIXES

#: What may follow the ID in an image's or a mask's name, before the suffix.
IMAGE_STEMS: tuple[str, ...] = ('',)
MASK_STEMS: tuple[str, ...] = ('', '_pixels0')


class FolderIndex:
    """The files of a folder by sample ID; each (sub)folder is listed once.

    Args:
        folder: Where to look; an ID may name a file in a subfolder (``seq/0001``).
        stems: What may stand between the ID and the suffix.
        suffix: The exact end of the names (then ``stems`` is not used); None
            accepts every suffix in ``IMAGE_SUFFIXES``, in any case.
    """

    def __init__(self, folder: str, stems: tuple[str, ...], suffix: str | None = None) -> None:
        self.folder = folder
        self._stems = stems
        self._suffix = suffix
        self._listings: dict[str, dict[str, list[str]]] = {}

    def _listing(self, folder: str) -> dict[str, list[str]]:
        """Names in ``folder`` by what is left without the suffix."""
        if folder not in self._listings:
            names: dict[str, list[str]] = {}
            for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
                if self._suffix is not None:
                    if name.endswith(self._suffix):
                        names[name[: len(name) - len(self._suffix)]] = [name]
                    continue
                stem, suffix = os.path.splitext(name)
                if suffix.lower() in IMAGE_SUFFIXES:
                    names.setdefault(stem, []).append(name)
            self._listings[folder] = names
        return self._listings[folder]

    def find(self, sample_id: str) -> str | None:
        """The path of the sample's file, or None.

        Raises:
            DataError: Several files fit.
        """
        folder, name = os.path.split(os.path.join(self.folder, sample_id))
        listing = self._listing(folder)
        stems = ('',) if self._suffix is not None else self._stems
        found = [file for stem in stems for file in listing.get(name + stem, ())]
        if len(found) > 1:
            raise DataError(
                f'{folder}: {len(found)} files fit the sample {sample_id!r}: {", ".join(found)}; remove all but one '
                "or name the right ending with img_suffix='.png' or seg_map_suffix='_pixels0.png'"
            )
        return os.path.join(folder, found[0]) if found else None

    def expected(self, sample_id: str) -> str:
        """The names that :meth:`find` looks for, for a message."""
        base = os.path.join(self.folder, sample_id)
        if self._suffix is not None:
            return base + self._suffix
        return ' or '.join(f'{base}{stem}.png' for stem in self._stems) + f' (also {", ".join(IMAGE_SUFFIXES[1:])})'

    def all_ids(self) -> list[str]:
        """Every ID in the folder itself, sorted.

        Raises:
            DataError: The folder holds no image.
        """
        ids = sorted(self._listing(self.folder))
        if not ids:
            raise DataError(
                f'{self.folder}: no image in this folder; expected files ending in '
                f'{self._suffix or ", ".join(IMAGE_SUFFIXES)}'
            )
        return ids
