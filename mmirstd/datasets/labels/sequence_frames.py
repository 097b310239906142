"""The frames of a label file that has a line or an entry for each of them, and names none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmirstd.utils.errors import DataError, MissingDataError

from ..image_io import IMAGE_SUFFIXES
from ..mask_layout import split_of
from ..sequences import natural_key
from .label_set import LabeledImage

_VIDEO_SUFFIXES = ('.mp4', '.avi', '.mov', '.mkv')


@dataclass(frozen=True)
class SequenceFrames:
    """A sequence and its images.

    Attributes:
        label_file: What labels them.
        folder: Where the images are.
        name: Of the sequence: its folder below the data set.
        images: File names, in natural order.
        split: What the folders tell; None: nothing.
    """

    label_file: Path
    folder: Path
    name: str
    images: tuple[str, ...]
    split: str | None

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

    They are in ``img1`` beside (MOTChallenge), in a folder of the file's name, or beside the file.

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
    for path in files:
        home = path.parent.parent if path.parent.name == 'gt' and path.parent != root else path.parent
        below = home.relative_to(root) if home.is_relative_to(root) else Path()
        base = (images or root) / below
        places = [base / 'img1', base / path.stem, base]
        if images is not None and len(files) == 1:
            places.append(images)
        folder = next((place for place in places if _images(place)), None)
        if folder is None:
            videos = sorted(video.name for video in home.iterdir() if video.suffix.lower() in _VIDEO_SUFFIXES)
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
        found[folder] = SequenceFrames(path, folder, name, _images(folder), split_of(below.parts))
    return list(found.values())


def _images(folder: Path) -> tuple[str, ...]:
    if not folder.is_dir():
        return ()
    names = [path.name for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES]
    return tuple(sorted((name for name in names if not name.startswith('.')), key=natural_key))
