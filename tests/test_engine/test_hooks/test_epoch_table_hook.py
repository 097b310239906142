"""What a training of a few iterations prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mmirstd.engine.hooks.epoch_table_hook import EpochTableHook
from mmirstd.utils.progress import Pace, StatusLine
from tests.test_engine.small_runner import small_runner, two_optimizers

CHECKPOINT = dict(checkpoint=dict(type='CheckpointHook', save_best='IoU', rule='greater'))


def table(capsys: pytest.CaptureFixture, work_dir: Path, **options: Any) -> list[list[str]]:
    """The words of each line that the hook prints after where the log is."""
    runner = small_runner(work_dir, **options)
    times = iter(range(0, 100_000, 10))  # 10 s from each look at the clock to the next
    runner.register_hook(EpochTableHook(StatusLine(Pace(3600)), lambda: float(next(times))))
    runner.train()
    lines = [line for line in capsys.readouterr().out.splitlines() if ' - mmengine - ' not in line]
    return [line.split() for line in lines[1 + next(i for i, line in enumerate(lines) if line.startswith('log: ')) :]]


def test_a_line_an_epoch_with_figures_and_the_best_marked(capsys, tmp_path):
    head, *rows = table(capsys, tmp_path, default_hooks=CHECKPOINT)
    assert head == ['epoch', 'loss', 'IoU', 'lr', 'time', 'left']
    assert [row[0] for row in rows] == ['1/3', '2/3', '3/3']
    assert [row[2] for row in rows] == ['0.1000', '0.2000', '0.3000']
    assert [row[3:] for row in rows] == [
        ['1.00e-01', '0:00:10', left, 'best'] for left in ('0:00:20', '0:00:10', '0:00:00')
    ]
    assert float(rows[0][1]) > float(rows[2][1])  # the loss is linear in the weights


def test_epochs_without_validation_have_a_line_too(capsys, tmp_path):
    options = dict(train_cfg=dict(by_epoch=True, max_epochs=4, val_interval=2))
    head, first, wider, *rows = table(capsys, tmp_path, **options)
    assert head == ['epoch', 'loss', 'lr', 'time', 'left']
    assert first[0] == '1/4'
    assert wider == ['epoch', 'loss', 'IoU', 'lr', 'time', 'left']
    assert [(row[0], len(row)) for row in rows] == [('2/4', 6), ('3/4', 5), ('4/4', 6)]


def test_iterations_have_a_line_a_validation(capsys, tmp_path):
    options = dict(train_cfg=dict(by_epoch=False, max_iters=5, val_interval=2), log_processor=dict(by_epoch=False))
    head, *rows = table(capsys, tmp_path, **options)
    assert head == ['iter', 'loss', 'IoU', 'lr', 'time', 'left']
    assert [row[0] for row in rows] == ['2/5', '4/5', '5/5']


def test_rates_of_several_optimizers(capsys, tmp_path):
    head, *rows = table(capsys, tmp_path, **two_optimizers())
    assert head == ['epoch', 'loss', 'IoU', 'one.lr', 'other.lr', 'time', 'left']
    assert rows[0][3:5] == ['1.00e-01', '2.00e-01']


def test_a_resumed_run_goes_on_in_the_table(capsys, tmp_path):
    table(capsys, tmp_path, epochs=1)
    resumed, head, *rows = table(
        capsys, tmp_path, epochs=3, resume=True, load_from=str(tmp_path / 'epoch_1.pth'), default_hooks=CHECKPOINT
    )
    assert ' '.join(resumed) == 'resumed epoch: 1, iter: 1'
    assert [row[0] for row in rows] == ['2/3', '3/3']
    assert rows[0][-2] == '0:00:10'  # one of the two epochs that are left has passed in 10 s
