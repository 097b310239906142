"""Make what an epoch draws depend on the seed and the epoch alone."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch.utils.data import get_worker_info

from mmirstd.registry import HOOKS


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Seed Python's, NumPy's and torch's generators at the start of each training epoch.

    A run that continues from a checkpoint then draws the same augmentations as one that was never interrupted; without
    it, it would repeat those of the first epochs. Data-loader workers have generators of their own: they are seeded
    for each sample, by the run's seed, the epoch and the sample's index, so any number of workers draws the same.
    Without workers the samples of an epoch share one stream.
    """

    def __init__(self) -> None:
        self._epoch = torch.zeros(1, dtype=torch.int64)  # shared with the workers, which may outlive an epoch

    def before_train(self, runner: Runner) -> None:
        """Have workers seed themselves."""
        loop = runner.train_loop
        # In a loop over iterations a sample comes again and again within one "epoch".
        if not isinstance(loop, EpochBasedTrainLoop) or not getattr(loop.dataloader, 'num_workers', 0):
            return
        self._epoch.share_memory_()
        loader = loop.dataloader
        loader.worker_init_fn = partial(_seed_each_sample, loader.worker_init_fn, self._epoch, runner.seed)

    def before_train_epoch(self, runner: Runner) -> None:
        """Seed by the run's seed, the epoch and the rank."""
        self._epoch.fill_(runner.epoch)
        _seed_all(runner.seed, runner.epoch, runner.rank)


def _seed_all(*entropy: int) -> None:
    # SeedSequence mixes them, so that neighboring seeds and epochs share no stream
    seed = int(np.random.SeedSequence(entropy).generate_state(1)[0])
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def _seed_each_sample(before: Callable[[int], None] | None, epoch: torch.Tensor, seed: int, worker: int) -> None:
    """In a worker: seed before each sample.

    Args:
        before: What the loader does at a worker's start.
        epoch: (1,), shared memory.
        seed: The run's.
        worker: Number of the worker.
    """
    if before is not None:
        before(worker)
    info = get_worker_info()
    assert info is not None
    dataset: Any = info.dataset

    def items(indices: Sequence[Any]) -> list[Any]:
        samples = []
        for index in indices:
            # a number, or several, as mmdet's TrackImgSampler has them: video and frame
            _seed_all(seed, int(epoch), *np.ravel(index).tolist())
            samples.append(dataset[index])
        return samples

    # What torch's fetcher calls for a batch; this worker's copy of the data set alone has it.
    dataset.__getitems__ = items
