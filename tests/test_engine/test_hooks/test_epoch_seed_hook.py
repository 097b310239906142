from __future__ import annotations

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmirstd.engine import EpochSeedHook
from tests.test_engine.small_runner import small_runner


def draws(epoch: int, rank: int = 0, seed: int = 0) -> tuple:
    EpochSeedHook().before_train_epoch(SimpleNamespace(seed=seed, epoch=epoch, rank=rank))
    return random.random(), np.random.rand(), torch.rand(1).item()


def test_draws_depend_on_seed_epoch_and_rank_alone():
    first = draws(3)
    draws(0)
    assert draws(3) == first
    for other in (draws(4), draws(3, rank=1), draws(3, seed=1)):
        assert all(a != b for a, b in zip(first, other, strict=True))


class Drawn(torch.utils.data.Dataset):
    """Samples of random numbers."""

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> torch.Tensor:
        return torch.tensor([float(index), random.random(), np.random.rand(), torch.rand(1).item()])


class Seen(Hook):
    """Notes the samples of each epoch, in order of their index."""

    def __init__(self) -> None:
        self.epochs: dict[int, list[list[float]]] = {}

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        self.epochs.setdefault(runner.epoch, []).append(data_batch[0].tolist())


def samples(work_dir: Path, workers: int, persistent: bool, first: int = 0) -> dict[int, list[list[float]]]:
    loader = dict(
        dataset=Drawn(),
        sampler=dict(type='DefaultSampler', shuffle=True),
        batch_size=1,
        num_workers=workers,
        persistent_workers=persistent,
    )
    run = small_runner(
        work_dir, train_dataloader=loader, randomness=dict(seed=3), custom_hooks=[dict(type='DistSamplerSeedHook')]
    )
    learn = run.model.forward
    run.model.forward = lambda inputs, mode: learn(inputs[:1], mode)
    seen = Seen()
    for hook in (EpochSeedHook(), seen):
        run.register_hook(hook)
    run.train_loop._epoch = first  # as a run that continues
    run.train()
    return {epoch: sorted(found) for epoch, found in seen.epochs.items()}


def test_workers_draw_the_same_however_many_they_are_and_wherever_the_run_continues(tmp_path: Path) -> None:
    two = samples(tmp_path / 'a', 2, persistent=True)
    assert two == samples(tmp_path / 'b', 1, persistent=False)
    assert {2: two[2]} == samples(tmp_path / 'c', 2, persistent=True, first=2)
    drawn = [tuple(sample[1:]) for found in two.values() for sample in found]
    assert len(set(drawn)) == len(drawn) == 18  # other numbers in each epoch, for each sample


class Frames(torch.utils.data.Dataset):
    """Samples that are asked for by video and frame."""

    def __getitem__(self, index: tuple[int, int]) -> torch.Tensor:
        return torch.tensor([*index, torch.rand(1).item()])


def test_samplers_of_videos_and_frames(tmp_path: Path) -> None:
    frames = [(0, 1), (1, 0), (0, 0), (1, 1)]
    # as mmdet's TrackImgSampler
    loader = torch.utils.data.DataLoader(Frames(), sampler=frames, num_workers=1, collate_fn=list)
    run = small_runner(tmp_path, train_dataloader=loader, randomness=dict(seed=3), epochs=1)
    learn = run.model.forward
    run.model.forward = lambda inputs, mode: learn(inputs[:1], mode)
    drawn: list[list[float]] = []

    class Note(Hook):
        def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
            drawn.append(data_batch[0].tolist())

    for hook in (EpochSeedHook(), Note()):
        run.register_hook(hook)
    run.train()
    assert [tuple(sample[:2]) for sample in drawn] == frames
    assert len({sample[2] for sample in drawn}) == len(frames)
