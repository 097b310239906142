"""How long trainings take, of tools that pretend to need half a second a step."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import pytest

from mmirstd.benchmark import JobFailed, run_jobs
from mmirstd.benchmark.estimate import clock, known_time, measured_time, side_by_side

from .helpers import make_jobs, toy


def jobs_of(root: Path, **options: object):
    runs = [dict(name='a', config='configs/a.py', cfg_options=options)]
    return make_jobs(root, toy(runs=runs))


def go(jobs) -> None:
    assert not run_jobs(jobs, 1, threading.Event(), io.StringIO(), interval_s=0.05).failed


def test_nothing_is_known_before(tmp_path: Path) -> None:
    first, second = jobs_of(tmp_path)
    assert known_time(first, [second], first.check()) is None


def test_another_seed_tells(tmp_path: Path) -> None:
    first, second = jobs_of(tmp_path)
    go([first])
    (part,) = first.folder.parts()
    time = known_time(second, [first], second.check())
    assert time.seconds == pytest.approx(part['wall_s'])
    assert time.source.startswith('seed 0 took ')
    assert known_time(first, [second], first.check()).seconds == 0
    # with other threads it would take another time
    first.folder.write_parts([dict(part, threads=7)])
    assert known_time(second, [first], second.check()) is None


def test_the_first_part_tells(tmp_path: Path) -> None:
    """Interrupted after the third of four epochs of two steps, 0.5 s each; 3 images were validated in 0.1 s each."""
    first, second = jobs_of(tmp_path)
    go([first])
    log = first.work_dir / 'part0' / 'vis_data' / 'scalars.json'
    log.write_text(''.join(line + '\n' for line in log.read_text().splitlines()[:8]))
    (first.work_dir / 'part0' / 'part.log').write_text('Epoch(train) [4][2/2]\nEpoch(val) [2][3/3]\n')
    first.folder.write_parts([dict(first.folder.parts()[0], status=130)])
    time = known_time(first, [second], first.check())
    # 4 epochs x 2 steps x 0.5 s and two validations of 3 x 0.1 s, of which the last epoch is left
    assert time.seconds == pytest.approx((4 * 2 * 0.5 + 2 * 3 * 0.1) / 4)
    assert time.source == 'its first 7 steps took 0.5 s each'
    assert time.validates


def test_steps_are_measured(tmp_path: Path) -> None:
    (job, _) = jobs_of(tmp_path)
    train = tmp_path / 'tools' / 'train.py'
    train.write_text(
        train.read_text()
        .replace('range(start + 1, 5)', 'range(start + 1, 500)')
        .replace('    for i in (1, 2):', '    for i in (1, 2):\n        time.sleep(0.05)')
    )
    time = measured_time(job, job.check(), steps=3, least_s=0.5)
    # the pretended training is stopped long before its end; it says two steps an epoch, four epochs are planned
    assert time.seconds is not None
    measured = int(time.source.split()[0])
    assert measured >= 3
    assert time.seconds >= 4 * 2 * 0.05
    assert not time.validates
    assert not job.work_dir.exists()


def test_a_training_that_fails_at_once(tmp_path: Path) -> None:
    (job, _) = jobs_of(tmp_path, **{'model.fail': True})
    with pytest.raises(JobFailed, match='the loss is not finite'):
        measured_time(job, job.check())


def test_side_by_side() -> None:
    assert side_by_side([3, 1, 1, 2], 1) == 7
    assert side_by_side([3, 1, 1, 2], 2) == 4  # 3 | 1 1 2
    assert side_by_side([], 2) == 0


@pytest.mark.parametrize(
    ('seconds', 'text'), [(0, '0 s'), (89, '89 s'), (90, '2 min'), (3540, '59 min'), (11100, '3 h 05 min')]
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text
