"""A labeled data set in memory, whatever format it came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..mask_layout import ordered_splits
from .shapes import Shape


@dataclass
class Annotation:
    """A target.

    Attributes:
        shape: What marks it.
        label: Index of its class.
        ignore: It counts neither as found nor as missed (COCO's ``iscrowd``, VOC's ``difficult``).
        track_id: The same for one target in several frames.
        scr: Its signal-to-clutter ratio, where the file has it.
        where: The line of the label file, for messages; empty: the image's.
    """

    shape: Shape
    label: int = 0
    ignore: bool = False
    track_id: int | str | None = None
    scr: float | None = None
    where: str = ''


@dataclass
class LabeledImage:
    """An image and its targets.

    Attributes:
        name: Its path in the data set, with forward slashes and suffix, without the folder of all images.
        path: The file; None where it is missing.
        height, width: In pixels, as the labels claim; None where they claim nothing.
        annotations: Its targets.
        split: ``'train'``, ``'val'``, ``'test'`` or another name; None: the data set has no splits.
        video: Its sequence, where the labels name it.
        frame: Its number in the sequence.
        data: The image file's content, where only the label file holds it.
        where: The label file, for messages.
    """

    name: str
    path: Path | None = None
    height: int | None = None
    width: int | None = None
    annotations: list[Annotation] = field(default_factory=list)
    split: str | None = None
    video: str | None = None
    frame: int | None = None
    data: bytes | None = None
    where: str = ''

    @property
    def stem(self) -> str:
        """The name without suffix."""
        return self.name[: -len(suffix)] if (suffix := Path(self.name).suffix) else self.name

    @property
    def size(self) -> tuple[int, int]:
        """Height and width, which are known once the set is checked."""
        assert self.height is not None, f'{self.name}: the label set was not checked'
        assert self.width is not None, f'{self.name}: the label set was not checked'
        return self.height, self.width


@dataclass
class LabelSet:
    """A data set.

    Attributes:
        source: What it was read from.
        classes: Names by index.
        images: An image may appear once in each split.
        notes: What was ignored, guessed or replaced on the way, to be said once.
    """

    source: str
    classes: list[str]
    images: list[LabeledImage]
    notes: list[str] = field(default_factory=list)

    @property
    def splits(self) -> list[str | None]:
        """Names of the splits, in the order of training, validation, test, others."""
        return ordered_splits(image.split for image in self.images)

    def annotations(self) -> Iterator[Annotation]:
        """All targets."""
        for image in self.images:
            yield from image.annotations

    def summary(self) -> str:
        """A line for people: how many images and targets, of which kinds and classes."""
        kinds = Counter(type(annotation.shape).__name__ for annotation in self.annotations())
        words = {'Box': 'boxes', 'Polygon': 'polygons', 'Mask': 'masks', 'Point': 'points'}
        parts = ', '.join(f'{number} {words[kind]}' for kind, number in sorted(kinds.items())) or 'no targets'
        empty = sum(not image.annotations for image in self.images)
        splits = ', '.join(
            f'{split} {sum(image.split == split for image in self.images)}' for split in self.splits if split
        )
        return (
            f'{len(self.images)} images'
            + (f' ({splits})' if splits else '')
            + f', {parts}'
            + (f', {empty} images without targets' if empty and kinds else '')
            + f', class{"es" if len(self.classes) > 1 else ""} {", ".join(self.classes)}'
        )
