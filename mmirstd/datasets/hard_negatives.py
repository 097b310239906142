"""Training data with windows in which the network saw targets that are none."""

from __future__ import annotations

import copy
import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.logging import print_log

from mmirstd.registry import DATASETS
from mmirstd.utils.errors import ConfigError

from .transforms.target_crop import FALSE_TARGET, TargetAwareCrop

#: Steps after which a place of the image, as a share of its sides, is another one.
_MOVING = frozenset(
    (
        'RandomFlip',
        'RandomTranspose',
        'RandomTurn',
        'RandomRotate',
        'RandomRotFlip',
        'RandomCrop',
        'CenterCrop',
        'RandomMosaic',
    )
)


class FalseTarget(NamedTuple):
    """A place where a network saw a target that is none.

    Attributes:
        sample: Its index in the data set.
        y: Of the place, in [0, 1] of the image's height.
        x: In [0, 1] of its width.
    """

    sample: int
    y: float
    x: float


@DATASETS.register_module()
class HardNegativeDataset:
    """A data set, and so many samples more that show false targets of the network in training.

    ``HardNegativeHook`` finds them. Each further sample is an image of the data set through its pipeline, in which
    ``TargetAwareCrop`` takes a window around the false target, without a true one where there is such a window. Until
    some are found, these samples are random ones of the data set. Where nobody will find any, a warning says so once.

    With any single-frame config, around its training data::

        train_dataloader = dict(dataset=dict(_delete_=True, type='mmirstd.HardNegativeDataset', share=0.1, dataset=...))
        default_hooks = dict(hard_negatives=dict(type='mmirstd.HardNegativeHook'))

    Args:
        dataset: The data set or its config; also several in mmengine's wrappers (``ConcatDataset``, ``RepeatDataset``).
        share: Share of an epoch's samples that show false targets, in (0, 1).
        lazy_init: As in mmengine.

    Raises:
        ValueError: ``share`` is out of its range.
    """

    def __init__(self, dataset: Any, share: float = 0.1, lazy_init: bool = False) -> None:
        if not 0 < share < 1:
            raise ValueError(f'HardNegativeDataset: share is {share}; expected a number between 0 and 1')
        self.dataset = DATASETS.build(dataset) if isinstance(dataset, Mapping) else dataset
        self.share = share
        self._metainfo = copy.deepcopy(self.dataset.metainfo)
        # index (-1: none), y, x; shared with the workers, which may outlive an epoch
        self._found: torch.Tensor | None = None
        # whether somebody finds them, or the warning was given; shared likewise
        self._settled = torch.zeros(1, dtype=torch.uint8).share_memory_()
        if not lazy_init:
            self.full_init()

    @property
    def metainfo(self) -> dict:
        """Of the data set."""
        return copy.deepcopy(self._metainfo)

    def full_init(self) -> None:
        """Load the list of samples and make room for false targets, before any worker is forked."""
        if self._found is not None:
            return
        self.dataset.full_init()
        count = max(1, round(self.share / (1 - self.share) * len(self.dataset)))
        self._found = torch.full((count, 3), -1.0, dtype=torch.float64).share_memory_()

    def __len__(self) -> int:
        return len(self.dataset) + len(self._table())

    def __getitem__(self, idx: int) -> Any:
        extra = idx - len(self.dataset)
        if extra < 0:
            return self.dataset[idx]
        found = self._of_row(extra)
        if found is None:
            self._warn_without_hook()
            return self.dataset[int(np.random.randint(len(self.dataset)))]
        leaf, index = leaf_of(self.dataset, found.sample)
        return leaf.pipeline({**leaf.sample(index), FALSE_TARGET: (found.y, found.x)})

    def get_data_info(self, idx: int) -> dict:
        """Of a sample, as the data set has it; of one that shows a false target, of its image."""
        extra = idx - len(self.dataset)
        if extra >= 0:
            found = self._of_row(extra)
            idx = extra % len(self.dataset) if found is None else found.sample
        info: dict = self.dataset.get_data_info(idx)
        return info

    @property
    def capacity(self) -> int:
        """How many samples show false targets."""
        return len(self._table())

    @property
    def false_targets(self) -> list[FalseTarget]:
        """Those that are shown now; empty: none was found yet."""
        return [found for row in range(self.capacity) if (found := self._of_row(row)) is not None]

    @false_targets.setter
    def false_targets(self, found: Sequence[FalseTarget]) -> None:
        """Show these; where they are fewer than ``capacity``, they are shown several times.

        Raises:
            IndexError: One is of no sample of the data set.
        """
        for one in found:
            if not 0 <= one.sample < len(self.dataset):
                raise IndexError(f'sample {one.sample} of a data set of {len(self.dataset)}')
        self.expect_false_targets()
        table = self._table()
        table.fill_(-1)
        for row in range(len(table) if found else 0):
            table[row] = torch.tensor(found[row % len(found)], dtype=torch.float64)

    def expect_false_targets(self) -> None:
        """Somebody will find false targets: random samples until then are no reason for a warning."""
        self._settled.fill_(1)

    def _warn_without_hook(self) -> None:
        if self._settled.item():
            return
        self._settled.fill_(1)
        print_log(
            f'HardNegativeDataset: no HardNegativeHook looks for false targets, so {self.capacity} samples of each '
            "epoch are random ones instead. Cure: default_hooks.hard_negatives=dict(type='mmirstd.HardNegativeHook')",
            logger='current',
            level=logging.WARNING,
        )

    def check_crops(self) -> None:
        """Whether the pipelines can show false targets.

        Raises:
            ConfigError: One has no ``TargetAwareCrop``, or moves the pixels before it.
        """
        for leaf in leaves(self.dataset):
            steps = leaf.pipeline.transforms
            crop = next((place for place, step in enumerate(steps) if isinstance(step, TargetAwareCrop)), None)
            moving = [name for step in steps[:crop] if (name := type(step).__name__) in _MOVING]
            if crop is not None and moving:
                raise ConfigError(
                    f'HardNegativeDataset: a pipeline of {type(leaf).__name__} has {" and ".join(moving)} before '
                    'mmirstd.TargetAwareCrop, which would look for the false targets where they were before',
                    cure='TargetAwareCrop right behind the loading steps, and the others behind it',
                )
            if crop is None:
                raise ConfigError(
                    f'HardNegativeDataset: a pipeline of {type(leaf).__name__} has no mmirstd.TargetAwareCrop, which '
                    'shows the false targets',
                    cure="dict(type='mmirstd.TargetAwareCrop', size=256) behind the loading steps",
                )

    def _table(self) -> torch.Tensor:
        self.full_init()
        assert self._found is not None
        return self._found

    def _of_row(self, row: int) -> FalseTarget | None:
        index, y, x = self._table()[row].tolist()
        return None if index < 0 else FalseTarget(int(index), y, x)


def leaves(dataset: Any) -> list[Any]:
    """The data sets that a data set and mmengine's wrappers consist of."""
    if hasattr(dataset, 'datasets'):
        return [leaf for part in dataset.datasets for leaf in leaves(part)]
    return leaves(dataset.dataset) if hasattr(dataset, 'dataset') else [dataset]


def leaf_of(dataset: Any, index: int) -> tuple[Any, int]:
    """The innermost data set that a sample of a data set comes from, and its index there.

    Args:
        dataset: A data set, or ``ConcatDataset`` or ``RepeatDataset`` around such.
        index: Of the sample.
    """
    if hasattr(dataset, 'datasets'):
        for part in dataset.datasets:
            if index < len(part):
                return leaf_of(part, index)
            index -= len(part)
        raise IndexError('a sample behind the last')
    if hasattr(dataset, 'dataset'):
        return leaf_of(dataset.dataset, index % len(dataset.dataset))
    return dataset, index
