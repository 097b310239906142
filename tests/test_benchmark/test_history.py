from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmirstd.benchmark.history import (
    History,
    last_position,
    loss_curve,
    metrics_of,
    read_history,
    seconds_per_iteration,
    validation_curve,
)


def write(work_dir: Path, part: str, entries: list[dict], tail: str = '') -> None:
    file = work_dir / part / 'vis_data' / 'scalars.json'
    file.parent.mkdir(parents=True)
    file.write_text(''.join(json.dumps(e) + '\n' for e in entries) + tail)


def step(epoch: int, n: int, loss: float, time: float = 1.0) -> dict:
    return dict(loss=loss, lr=0.1, time=time, epoch=epoch, iter=n, step=n)


def test_a_resumed_part_replaces_what_was_done_beyond_its_start(tmp_path: Path) -> None:
    write(
        tmp_path,
        '1',
        [step(1, 1, 9.0), dict(IoU=0.1, step=1), step(2, 2, 8.0), dict(IoU=0.9, step=2), step(3, 3, 7.0)],
        tail='{"loss": 1',
    )
    write(tmp_path, '2', [])
    write(tmp_path, '3', [step(2, 2, 6.0, time=3.0), dict(IoU=0.2, step=2)])
    history = read_history(tmp_path)
    assert [(e['epoch'], e['loss']) for e in history.train] == [(1, 9.0), (2, 6.0)]
    assert [(e['step'], e['IoU']) for e in history.val] == [(1, 0.1), (2, 0.2)]
    assert history.validated() == {1, 2}
    assert seconds_per_iteration(history) == 2.0
    assert last_position(tmp_path)['loss'] == 6.0


def test_a_part_may_begin_with_the_validation_that_was_cut_off(tmp_path: Path) -> None:
    write(tmp_path, '1', [step(1, 1, 9.0), dict(IoU=0.1, step=1), step(2, 2, 8.0)])
    write(tmp_path, '2', [dict(IoU=0.2, step=2), step(3, 3, 7.0)])
    write(tmp_path, '3', [dict(IoU=0.3, step=3)])
    history = read_history(tmp_path)
    assert [e['epoch'] for e in history.train] == [1, 2, 3]
    assert [(e['step'], e['IoU']) for e in history.val] == [(1, 0.1), (2, 0.2), (3, 0.3)]


def test_records_of_gradients_are_no_validations(tmp_path: Path) -> None:
    gradients = [{'grad_norm/P_s8': 0.5, 'grad_cos/P_s8_s16': 0.1, 'step': n} for n in (1, 2)]
    write(tmp_path, '1', [gradients[0], step(1, 1, 9.0), gradients[1], step(1, 2, 8.0), dict(IoU=0.1, step=1)])
    history = read_history(tmp_path)
    assert history.val == [dict(IoU=0.1, step=1)]
    assert [e['iter'] for e in history.train] == [1, 2]


def test_nothing_logged(tmp_path: Path) -> None:
    assert read_history(tmp_path) == History([], [])
    assert seconds_per_iteration(read_history(tmp_path)) is None
    assert last_position(tmp_path) is None


def test_curves_are_short() -> None:
    history = History(
        [step(1, n, float(n)) for n in range(1, 1001)],
        [dict(IoU=n / 3, Pd=float('nan'), time=1.0, step=n) for n in range(1, 301)],
    )
    curve = loss_curve(history, points=10)
    assert curve['iter'] == [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]
    assert curve['loss'][0] == 50.5
    val = validation_curve(history, keep=152, points=5)
    assert len(val) == 6
    assert [val[0]['step'], val[-1]['step']] == [1, 300]
    assert 152 in [e['step'] for e in val]
    assert val[0] == dict(step=1, IoU=0.333333, Pd=None)
    assert metrics_of(dict(IoU=1 / 3, step=4)) == dict(IoU=pytest.approx(1 / 3, abs=1e-6))
