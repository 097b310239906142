"""What the workflow needs of a data set of one's own, whatever its labels are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from mmirstd.datasets.first_look import watch_bit_depth
from mmirstd.datasets.own_split import OwnSplit
from mmirstd.utils.files import write_text
from mmirstd.utils.spread import spread

from .recipe import Recipe
from .threshold_advice import ThresholdAdvice

#: Training images on which the weights are measured before the training, at most.
START_IMAGES = 100


@dataclass(frozen=True)
class Start:
    """Where a fine-tuning begins.

    Attributes:
        base: Config whose network is taken.
        weights: Checkpoint to start from; None: random weights.
        recipe: The schedule.
        command: The command line, for the first lines of the config.
        options: Further arguments of the data sets.
    """

    base: Path
    weights: str | None
    recipe: Recipe
    command: str = ''
    options: Mapping[str, Any] = field(default_factory=dict)


class OwnSet(ABC):
    """A data set that was looked at and parted.

    Attributes:
        split: Its parts.
        notes: What was found and decided, a line each.
        measures: What is compared -> how it is written; the first decides which network is better.
        dumps: Whether a test writes what a report needs.
    """

    split: OwnSplit
    notes: tuple[str, ...]
    measures: ClassVar[Mapping[str, str]]
    dumps: ClassVar[bool]

    @property
    @abstractmethod
    def source(self) -> Path:
        """The images as the user named them, for the next command."""

    @property
    def parts(self) -> dict[str, tuple[str, ...]]:
        """Name of each list -> its images.

        ``'start'`` are those on which the weights are measured before the training: the validation images and some of
        the training images, never test images.
        """
        train, val = self.split.train, self.split.val
        return dict(train=train, val=val, test=self.split.test, start=(*spread(train, START_IMAGES), *val))

    def write_lists(self, folder: Path) -> None:
        """Write the list of each part."""
        for part, images in self.parts.items():
            write_text(folder / self.list_name(part), self.list_text(images))

    @abstractmethod
    def list_name(self, part: str) -> str:
        """File name of a part's list."""

    @abstractmethod
    def list_text(self, images: Sequence[str]) -> str:
        """The list of these images, as their data set reads it."""

    @abstractmethod
    def config_text(self, start: Start, name: str) -> str:
        """The text of the config; ``name``: its file, as the text names it."""

    @abstractmethod
    def test_options(self, folder: Path) -> tuple[list[str], list[str]]:
        """Options of ``mmirstd test`` that write ``metrics.json`` and what the threshold needs into a folder.

        Returns:
            Options, and entries of ``--cfg-options``.
        """

    @abstractmethod
    def advise_threshold(self, folder: Path) -> ThresholdAdvice:
        """Choose a threshold by what a test of validation images wrote."""


def find_bit_depth(paths: Sequence[str], asked: int | None) -> tuple[dict[str, Any], list[str]]:
    """The loading option for the bits that images use, and what is to be said of it.

    Args:
        paths: The images.
        asked: What the user said; None: what the images hold.
    """
    if asked is not None:
        return dict(bit_depth=asked), [f'gray values: {asked} bits, as asked for']
    watch = watch_bit_depth(paths)
    if watch.depth is None:
        return {}, []
    return dict(bit_depth=watch.depth), [
        f'gray values: {watch.depth} bits (the 16-bit images looked at stay below 2^{watch.depth}, the largest value '
        f'is {watch.largest}); say --bit-depth 16 if all bits count'
    ]
