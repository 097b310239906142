"""Where the files of a converted data set go."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from .image_files import bring_image
from .label_set import LabeledImage


@dataclass(frozen=True)
class Placing:
    """The folder that is written to, and how images get there.

    Attributes:
        out: The folder.
        images: A key of ``choices.COPY_MODES``.
    """

    out: Path
    images: str = 'copy'

    def file(self, name: str) -> Path:
        """The path of a file to be written; its folder is made."""
        path = self.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def place(self, image: LabeledImage, folder: str, beside: str = '') -> str:
        """Bring an image to ``folder``.

        Args:
            image: The image.
            folder: Below :attr:`out`.
            beside: The folder, below :attr:`out`, of the file that names the image.

        Returns:
            Its path as seen from ``beside``, with forward slashes; without copies that of the original.
        """
        target = self.out / folder / image.name
        if self.images == 'none':
            if image.path is None:
                return image.name
            target = image.path
        else:
            bring_image(image, target, self.images)
        return Path(os.path.relpath(target.absolute(), (self.out / beside).absolute())).as_posix()
