"""The frames of a label file that has a line or an entry for each of them, and names none."""

from __future__ import annotations

from collections.abc import Sequence
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass, replace
from pathlib import Path

from mmirstd.utils.errors import DataError, MissingDataError

from ..image_io import IMAGE_SUFFIXES, VIDEO_SUFFIXES
from ..mask_layout import split_of
from ..sequences import natural_key
from ..text_file import read_text
from .label_set import LabeledImage


@dataclass(frozen=True)
class SequenceFrames:
    """A sequence and its images.

    Attributes:
        label_file: What labels them.
        folder: Where the images are.
        name: Of the sequence: its folder below the data set.
        images: File names, in natural order.
        split: What the folders tell; None: nothing.
        info: Its ``seqinfo.ini``; None: there is none.
    """

    label_file: Path
    folder: Path
    name: str
    images: tuple[str, ...]
    split: str | None
    info: Path | None = None

    def labeled(self) -> list[LabeledImage]:
        """The images as a label set has them, without targets."""
        return [
            LabeledImage(
                f'{self.name}/{image}',
                self.folder / image,
                split=self.split,
                video=self.name,
                frame=number,
                where=str(self.label_file),
            )
            for number, image in enumerate(self.images)
        ]


def find_sequences(source: Path, files: Sequence[Path], images: Path | None) -> list[SequenceFrames]:
    """The frames of each label file.

    They are in ``img1`` or in what ``seqinfo.ini`` names (MOTChallenge), in a folder of the file's name, or beside the
    file. A folder ``test`` tells a split where it is above sequences, or where there are folders of splits only; beside
    sequences of other names it is one of them.

    Args:
        source: The data set, or the label file.
        files: The label files.
        images: Where the same folders are with the images, or the frames of the only file; None: below the source.

    Raises:
        MissingDataError: A label file has no frames.
        DataError: Two label files have the same frames.
    """
    root = source if source.is_dir() else source.parent
    found: dict[Path, SequenceFrames] = {}
    folders: dict[Path, tuple[str, ...]] = {}
    for path in files:
        home = path.parent.parent if path.parent.name == 'gt' and path.parent != root else path.parent
        below = home.relative_to(root) if home.is_relative_to(root) else Path()
        base = (images or root) / below
        info = home / 'seqinfo.ini'
        places = [base / 'img1', base / path.stem, base]
        if info.is_file():
            places.insert(0, base / read_info(info).get('imdir', 'img1'))
        if images is not None and len(files) == 1:
            places.append(images)
        folder = next((place for place in places if _images(place)), None)
        if folder is None:
            videos = sorted(video.name for video in home.iterdir() if video.suffix.lower() in VIDEO_SUFFIXES)
            raise MissingDataError(
                str(path),
                found='no frames of this sequence' + (f', but {videos[0]}' if videos else ''),
                expected=f'images in one of {", ".join(map(str, places))}',
                cure=f'write its frames beside, such as ffmpeg -i {videos[0]} -start_number 0 {path.stem}/%06d.png'
                if videos
                else 'name the folder of the frames with --images',
            )
        if folder in found:
            raise DataError(
                str(folder),
                found=f'two label files for its frames, {found[folder].label_file} and {path}',
                expected='one',
                cure='remove the other one, or name one file alone',
            )
        name = below.as_posix() if folder != base / path.stem else (below / path.stem).as_posix()
        name = folder.name if name == '.' else name
        known = info if info.is_file() else None
        found[folder] = SequenceFrames(path, folder, name, _images(folder), None, known)
        folders[folder] = (*below.parts, path.stem) if folder == base / path.stem else below.parts
    alone = all(split_of(parts[-1:]) for parts in folders.values())
    return [
        replace(frames, split=split_of(folders[folder] if alone else folders[folder][:-1]))
        for folder, frames in found.items()
    ]


def read_info(path: Path) -> dict[str, str]:
    """The entries of a ``seqinfo.ini``, with names in lower case; empty where it has no section ``Sequence``.

    Raises:
        DataError: It is no such file.
    """
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(read_text(path, 'a section [Sequence]'))
    except ConfigError as error:
        raise DataError(
            str(path), found=str(error), expected='lines NAME=VALUE below [Sequence]', cure='correct or remove the file'
        ) from None
    return dict(parser['Sequence']) if parser.has_section('Sequence') else {}


def _images(folder: Path) -> tuple[str, ...]:
    if not folder.is_dir():
        return ()
    names = [path.name for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES]
    return tuple(sorted((name for name in names if not name.startswith('.')), key=natural_key))
