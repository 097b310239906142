"""One person's labels in the app: clicks on targets become masks; nothing here knows of web pages."""

from __future__ import annotations

import secrets
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmirstd.datasets.image_io import read_image
from mmirstd.datasets.labels import Annotation, LabeledImage, LabelSet, Placing
from mmirstd.datasets.labels.image_files import free_name
from mmirstd.datasets.labels.mask_folder import write
from mmirstd.datasets.labels.shapes import Mask
from mmirstd.datasets.points.click import GrowOptions, grow_from_click
from mmirstd.utils.errors import DataError

from .upload_limits import UploadLimits
from .uploads import ZIP_SUFFIX, UploadedFile, accept_batch, accept_upload


@dataclass(frozen=True)
class Clicked:
    """A target of an image.

    Attributes:
        row, column: The click.
        options: How it grew.
        mask: What it grew to.
    """

    row: int
    column: int
    options: GrowOptions
    mask: Mask

    def covers(self, row: int, column: int) -> bool:
        """Whether a pixel belongs to it."""
        row, column = row - self.mask.top, column - self.mask.left
        height, width = self.mask.pixels.shape
        return 0 <= row < height and 0 <= column < width and bool(self.mask.pixels[row, column])


class LabelSession:
    """Images, and the targets that were clicked in them.

    Args:
        limits: What an upload may cost.
        folder: For unpacked images and the labels; made when needed, removed by :meth:`close`.

    Attributes:
        images: What was sent, in natural order.
        notes: Files left out, and why.
    """

    def __init__(self, limits: UploadLimits, folder: Path) -> None:
        self.limits = limits
        self.folder = folder
        self.images: list[UploadedFile] = []
        self.notes: list[str] = []
        self._targets: dict[int, list[Clicked]] = {}
        self._looked: tuple[int, NDArray[Any]] | None = None

    def open(self, paths: Sequence[str]) -> None:
        """Take images in the place of those before; their labels are forgotten.

        Raises:
            DataError: None of them can be used.
        """
        self.close()
        if len(paths) == 1 and not paths[0].lower().endswith(ZIP_SUFFIX):
            upload = accept_upload(paths[0], self.limits)
            if not upload.still:
                raise DataError(f'{Path(paths[0]).name}: a video; expected images. Save its frames as images')
            self.images = [upload]
            return
        batch = accept_batch(paths, self.limits, self.folder / secrets.token_urlsafe(12))
        if not batch.images:
            name, problem = batch.refused[0]
            raise DataError(f'no image can be used; {name}: {problem}')
        self.images = batch.images
        self.notes = [*batch.notes, *(f'Left out: {name}: {problem}' for name, problem in batch.refused)]

    def close(self) -> None:
        """Forget everything and remove the files."""
        self.images, self.notes, self._targets, self._looked = [], [], {}, None
        shutil.rmtree(self.folder, ignore_errors=True)

    def pixels(self, index: int) -> NDArray[Any]:
        """The gray values of an image, (H, W).

        Raises:
            DataError: It cannot be read.
        """
        if self._looked is None or self._looked[0] != index:
            self._looked = index, read_image(self.images[index].location)
        return self._looked[1]

    def targets(self, index: int) -> list[Clicked]:
        """Those of an image, in the order of the clicks."""
        return self._targets.setdefault(index, [])

    def click(self, index: int, row: int, column: int, options: GrowOptions) -> bool:
        """Add the target at a pixel, or take away the one that covers it.

        Returns:
            Whether one was added.
        """
        targets = self.targets(index)
        covered = next((target for target in reversed(targets) if target.covers(row, column)), None)
        if covered is not None:
            targets.remove(covered)
            return False
        targets.append(Clicked(row, column, options, grow_from_click(self.pixels(index), row, column, options)))
        return True

    def regrow(self, index: int, options: GrowOptions) -> None:
        """Let the last target of an image grow anew from its click."""
        targets = self.targets(index)
        if targets:
            last = targets.pop()
            mask = grow_from_click(self.pixels(index), last.row, last.column, options)
            targets.append(Clicked(last.row, last.column, options, mask))

    def mask(self, index: int) -> NDArray[np.uint8]:
        """All targets of an image, (H, W) {0, 1}."""
        whole = np.zeros(self.pixels(index).shape, np.uint8)
        for target in self.targets(index):
            rows, columns = target.mask.pixels.shape
            part = whole[target.mask.top : target.mask.top + rows, target.mask.left : target.mask.left + columns]
            part[target.mask.pixels] = 1
        return whole

    def save(self, looked_at: Sequence[int]) -> tuple[Path, list[str]]:
        """Write images and masks in our layout, as a ZIP.

        Args:
            looked_at: The images that a person has seen: without a click they have no target. The others are left
                out.

        Returns:
            The file, and what should be said.
        """
        labels = LabelSet('clicks', ['target'], [])
        taken: set[str] = set()
        renamed = []
        for index in sorted(set(looked_at) | {index for index, targets in self._targets.items() if targets}):
            upload = self.images[index]
            path = Path(upload.location)
            height, width = self.pixels(index).shape
            image = LabeledImage(upload.label, path, height, width)
            if image.stem in taken:  # masks have no suffix that tells a.png and a.bmp apart
                image.name = free_name(upload.label, taken)
                renamed.append(f'{upload.label} is {image.name}')
            taken.add(image.stem)
            image.annotations = [Annotation(target.mask) for target in self.targets(index)]
            labels.images.append(image)
        out = self.folder / secrets.token_urlsafe(12)
        with Placing(out / 'labels') as placing:
            notes = write(labels, placing)
        if renamed:
            notes.append(f'Masks have no suffix, so that names have to differ without it: {", ".join(renamed)}')
        left_out = len(self.images) - len(labels.images)
        if left_out:
            were = 'image was' if left_out == 1 else 'images were'
            notes.append(f'{left_out} {were} not looked at, and left out')
        file = out / 'labels.zip'
        with zipfile.ZipFile(file, 'w', zipfile.ZIP_STORED) as archive:
            for path in sorted((out / 'labels').rglob('*')):
                if path.is_file():
                    archive.write(path, path.relative_to(out / 'labels').as_posix())
        return file, notes
