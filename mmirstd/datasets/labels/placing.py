"""Where the files of a converted data set go: all of them, or none where one has to replace another."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from mmirstd.utils.errors import DataError
from mmirstd.utils.files import write_bytes

from .image_files import bring_image, is_there
from .label_set import LabeledImage


class Placing:
    """The folder that is written to, and how images get there; a context, at whose end everything is written.

    Nothing is written when the block raises, or when a file would have to change: a person may have corrected it.

    Args:
        out: The folder.
        images: A key of ``choices.COPY_MODES``.
        known: Label files that are in the folder; those that are not written now are of another data set.

    Raises:
        DataError: At the end of the block: a file is there with other content, the folder holds labels of another
            data set, or two images have one label file.
        MissingDataError: At the end of the block: an image is not there.
    """

    def __init__(self, out: Path, images: str = 'copy', known: Sequence[Path] = ()) -> None:
        self.out, self.images, self._known = out, images, known
        self._labels: dict[Path, bytes] = {}
        self._placed: dict[Path, LabeledImage] = {}

    def __enter__(self) -> Placing:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._write()

    def label(self, name: str, content: str | bytes) -> None:
        """Write a label file.

        Args:
            name: Its path below :attr:`out`, with forward slashes.
            content: A text is written as UTF-8.

        Raises:
            DataError: Another image has this label file, with other labels.
        """
        path, data = self.out / name, content.encode() if isinstance(content, str) else content
        if self._labels.setdefault(path, data) != data:
            raise DataError(
                f'{path}: is the label file of two images',
                found='different labels',
                expected='images whose names differ without their suffixes',
                cure='rename one of the images',
            )

    def place(self, image: LabeledImage, folder: str, beside: str = '') -> str:
        """Bring an image to ``folder``.

        Args:
            image: The image.
            folder: Below :attr:`out`.
            beside: The folder, below :attr:`out`, of the file that names the image.

        Returns:
            Its path as seen from ``beside``, with forward slashes; without copies that of the original.

        Raises:
            DataError: Another image has this place.
        """
        target = self.out / folder / image.name
        if self.images == 'none':
            if image.path is None:
                return image.name
            target = image.path
        elif not _same_file(self._placed.setdefault(target, image), image):
            raise DataError(
                f'{target}: is the place of two images',
                found=f'{self._placed[target].path} and {image.path}',
                expected='images of different names',
                cure='rename one of them',
            )
        return Path(os.path.relpath(target.absolute(), (self.out / beside).absolute())).as_posix()

    def _write(self) -> None:
        images = [(image, path) for path, image in self._placed.items() if not is_there(image, path)]
        labels = {path: data for path, data in self._labels.items() if not path.exists()}
        changed = [path for path, data in self._labels.items() if path not in labels and not _same_labels(path, data)]
        if changed:
            raise self._refused(f'{len(changed)} of its label files with other content', changed)
        ours = {path.resolve() for path in self._labels}
        others = [path for path in self._known if path.resolve() not in ours]
        if others:
            raise self._refused(f'{len(others)} label files that are not of this data set', others)
        for image, path in images:
            bring_image(image, path, self.images)
        for path, data in labels.items():
            write_bytes(path, data)

    def _refused(self, found: str, paths: list[Path]) -> DataError:
        names = ', '.join(path.relative_to(self.out).as_posix() for path in paths[:3])
        return DataError(
            str(self.out),
            found=f'{found} ({names}{", ..." if len(paths) > 3 else ""})',
            expected='none, or those that the same conversion wrote',
            cure='write to another folder, or move these files away; nothing was written',
        )


def _same_file(first: LabeledImage, second: LabeledImage) -> bool:
    if first is second or first.path is None or second.path is None:
        return first.path is second.path and first.data == second.data
    return first.path == second.path or first.path.read_bytes() == second.path.read_bytes()


def _same_labels(path: Path, data: bytes) -> bool:
    """Whether a file holds these labels; another program or zlib writes the same pixels in other bytes."""
    if not path.is_file():
        return False
    found = path.read_bytes()
    if found == data or path.suffix.lower() != '.png' or not found:
        return found == data
    first, second = (cv2.imdecode(np.frombuffer(part, np.uint8), cv2.IMREAD_UNCHANGED) for part in (found, data))
    return first is not None and second is not None and np.array_equal(first, second)
