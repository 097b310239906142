"""Make what an epoch draws depend on the seed and the epoch alone."""

from __future__ import annotations

import random

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmirstd.registry import HOOKS


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Seed Python's, NumPy's and torch's generators at the start of each training epoch.

    A run that continues from a checkpoint then draws the same augmentations
    as one that was never interrupted; without it, it would repeat those of
    the first epochs.  Exact without data-loader workers; persistent workers
    keep generators of their own.
    """

    def before_train_epoch(self, runner: Runner) -> None:
        """Seed by the run's seed, the epoch and the rank."""
        # SeedSequence mixes the three, so that neighboring seeds and epochs share no stream
        seed = int(np.random.SeedSequence([runner.seed, runner.epoch, runner.rank]).generate_state(1)[0])
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
