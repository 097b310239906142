from __future__ import annotations

import random
from types import SimpleNamespace

import numpy as np
import torch

from mmirstd.engine import EpochSeedHook


def draws(epoch: int, rank: int = 0, seed: int = 0) -> tuple:
    EpochSeedHook().before_train_epoch(SimpleNamespace(seed=seed, epoch=epoch, rank=rank))
    return random.random(), np.random.rand(), torch.rand(1).item()


def test_draws_depend_on_seed_epoch_and_rank_alone():
    first = draws(3)
    draws(0)
    assert draws(3) == first
    for other in (draws(4), draws(3, rank=1), draws(3, seed=1)):
        assert all(a != b for a, b in zip(first, other, strict=True))
