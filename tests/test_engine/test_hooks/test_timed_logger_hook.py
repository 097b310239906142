"""The hook in a real run whose clock is ours: each step takes the seconds that the test says."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.runner import Runner

import mmirstd.registry  # noqa: F401
from mmirstd.registry import HOOKS


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class SlowModel(BaseModel):
    """Takes its seconds for each batch."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))
        self.clock, self.seconds = clock, seconds

    def forward(self, inputs: torch.Tensor, mode: str = 'tensor'):
        self.clock.now += self.seconds
        return dict(loss=(self.weight * inputs).sum()) if mode == 'loss' else [inputs.sum()]


class NoMetric(BaseMetric):
    """Counts nothing."""

    default_prefix = 'none'

    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        return dict(score=0.0)


class Times(logging.Handler):
    """When, by our clock, a line came, and the line."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.lines: list[tuple[float, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((self.clock(), record.getMessage()))


def run(tmp_path: Path, seconds: float, steps: int, interval: int) -> tuple[list[tuple[float, str]], float, list[dict]]:
    """One epoch of training, a validation and a test, of ``steps`` steps each: lines, end, what the visualizer got."""
    clock = Clock()
    loader = dict(
        dataset=[dict(inputs=torch.ones(1))] * steps,
        batch_size=1,
        num_workers=0,
        collate_fn=dict(type='default_collate'),
    )
    loaders = [dict(loader, sampler=dict(type='DefaultSampler', shuffle=False)) for _ in range(3)]
    runner = Runner(
        SlowModel(clock, seconds),
        str(tmp_path),
        *loaders,
        train_cfg=dict(by_epoch=True, max_epochs=1),
        val_cfg=dict(),
        test_cfg=dict(),
        val_evaluator=[NoMetric()],
        test_evaluator=[NoMetric()],
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=1e-3)),
        default_hooks=dict(
            logger=dict(type='mmirstd.TimedLoggerHook', interval=interval, clock=clock), checkpoint=None
        ),
        experiment_name=f'{tmp_path.name}',
    )
    times = Times(clock)
    runner.logger.addHandler(times)
    runner.train()
    runner.test()
    scalars = [json.loads(line) for line in next(tmp_path.glob('*/vis_data/scalars.json')).read_text().splitlines()]
    return times.lines, clock(), scalars


@pytest.mark.parametrize(('seconds', 'interval'), [(0.7, 1000), (4.0, 1000), (9.5, 1000), (3.0, 2)])
def test_no_silence_is_longer_than_ten_seconds(tmp_path, seconds, interval):
    lines, end, _ = run(tmp_path, seconds, 20, interval)
    assert end == pytest.approx(60 * seconds)
    moments = [0.0, *(moment for moment, _ in lines), end]
    assert max(late - early for early, late in zip(moments, moments[1:])) <= 10.0
    for mode in ('train', 'val', 'test'):
        assert any(f'Epoch({mode})' in line for _, line in lines)
    progress = [line for _, line in lines if '/20]' in line and 'time:' in line]
    if interval == 2:
        assert len(progress) == 3 * 10 + 2  # by the interval alone, and the figures of the two evaluations
    else:
        # no more than needed either: one for the steps that fit into seven seconds, and the figures
        assert len(progress) <= 60 / max(1, 7 // seconds - 1) + 5


def test_a_step_of_minutes_is_logged_each_time(tmp_path):
    lines, _, _ = run(tmp_path, 100.0, 3, 1000)
    assert sum('Epoch(train)' in line for _, line in lines) == 3


def test_a_fast_run_is_as_with_the_stock_hook_and_the_visualizer_knows_no_time(tmp_path):
    (tmp_path / 'fast').mkdir()
    (tmp_path / 'slow').mkdir()
    fast, _, scalars = run(tmp_path / 'fast', 0.01, 20, 5)
    slow, _, scalars_of_slow = run(tmp_path / 'slow', 6.0, 20, 5)
    assert sum('Epoch(train)' in line for _, line in fast) == 4
    assert sum('Epoch(train)' in line for _, line in slow) > 4
    kept = [[(entry.get('step'), entry.get('loss')) for entry in given] for given in (scalars, scalars_of_slow)]
    assert kept[0] == kept[1]


def test_it_is_what_our_configs_use():
    from mmengine.config import Config

    from tests.shared import REPO

    hook = Config.fromfile(str(REPO / 'configs' / '_base_' / 'default_runtime_moving.py')).default_hooks.logger
    assert HOOKS.build(hook).interval == 20
