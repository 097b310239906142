"""When a training whose IoU is given ends."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.runner import Runner

from mmirstd.engine.hooks.patience_hook import PatienceHook
from tests.test_engine.small_runner import small_runner


class GivenScores(BaseMetric):
    """One score a validation."""

    def __init__(self, scores: list[float]) -> None:
        super().__init__()
        self.scores = iter(scores)

    def process(self, data_batch: Any, data_samples: Any) -> None:
        self.results.append(0)

    def compute_metrics(self, results: list) -> dict[str, float]:
        return dict(IoU=next(self.scores))


def trained(work_dir: Path, scores: list[float], rule: str = 'greater', patience: int = 2, **options: Any) -> Runner:
    """A runner that was trained until it ended."""
    runner = small_runner(
        work_dir,
        epochs=20,
        val_evaluator=Evaluator(GivenScores([*scores, *[math.nan] * 20])),
        custom_hooks=[PatienceHook('IoU', rule, patience)],
        **options,
    )
    runner.train()
    return runner


@pytest.mark.parametrize(
    ('scores', 'rule', 'epochs'),
    [
        ([0.1, 0.2, 0.2, 0.2], 'greater', 4),  # equal is not better
        ([0.1, 0.2, 0.19, 0.2001, 0.1, 0.2], 'greater', 6),  # a little better is better
        ([0.3, 0.2, 0.25, 0.25], 'less', 4),
        ([0.3, math.nan, 0.31, math.nan, math.nan], 'greater', 5),
    ],
)
def test_it_waits_for_something_better(tmp_path, scores, rule, epochs):
    assert trained(tmp_path, scores, rule).epoch == epochs


def test_a_continued_run_goes_on_waiting(tmp_path):
    trained(tmp_path, [0.5, 0.4, 0.3], patience=2)
    options = dict(resume=True, load_from=str(tmp_path / 'epoch_3.pth'))
    # Epoch 3's checkpoint knows the validations of epochs 1 and 2: one of two was waited.
    assert trained(tmp_path, [0.4], patience=2, **options).epoch == 4


def test_a_measure_that_is_not_there_is_an_error(tmp_path):
    runner = small_runner(tmp_path, custom_hooks=[PatienceHook('mAP50')])
    with pytest.raises(RuntimeError, match='mAP50'):
        runner.train()
