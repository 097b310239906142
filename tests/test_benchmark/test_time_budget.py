"""Whole seeds, as far as the time goes."""

from __future__ import annotations

import io
import math
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from mmirstd.benchmark import TimeBudget, run_jobs
from mmirstd.benchmark.run_record import read_record

from .helpers import make_jobs, toy

CLOSING = 5.0


@dataclass
class One:
    run_name: str
    seed: int = 0
    test_s: float | None = None


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_runs_of_the_first_seed_share_the_time(clock: Clock) -> None:
    budget = TimeBudget(10, test_minutes=1, spent_s=15, clock=clock)
    jobs = [One(name) for name in 'abc']
    share = (600 - 15 - CLOSING) / 2  # two and one on two slots
    assert budget.training_seconds(jobs[0], jobs, [], 2) == pytest.approx(share - 60)
    assert budget.training_seconds(jobs[1], jobs[1:], jobs[:1], 2) == pytest.approx(share - 60)
    clock.now += 400  # one took longer than it should have
    budget.ended(jobs[0])
    assert budget.training_seconds(jobs[2], jobs[2:], jobs[1:2], 2) == pytest.approx(600 - 15 - CLOSING - 400 - 60)
    clock.now += 200
    assert budget.training_seconds(jobs[2], jobs[2:], [], 2) == 0


def test_another_seed_begins_when_all_of_it_fits(clock: Clock) -> None:
    budget = TimeBudget(10, clock=clock)
    jobs = [One(name, seed) for seed in (0, 1, 2) for name in 'ab']
    assert budget.training_seconds(jobs[0], jobs, [], 2) == pytest.approx((600 - CLOSING) * 0.75)
    budget.training_seconds(jobs[1], jobs[1:], jobs[:1], 2)
    clock.now += 100
    jobs[0].test_s = 20
    budget.ended(jobs[0])
    # the other run may still tell how long it takes
    assert math.isnan(budget.training_seconds(jobs[2], jobs[2:], jobs[1:2], 2))
    clock.now += 100
    budget.ended(jobs[1])
    left = 600 - CLOSING - 200
    assert budget.training_seconds(jobs[2], jobs[2:], [], 2) == pytest.approx(left - 1.15 * 20)
    assert budget.training_seconds(jobs[3], jobs[3:], jobs[2:3], 2) > 0
    clock.now += 200
    for job in jobs[2:4]:
        budget.ended(job)
    assert budget.training_seconds(jobs[4], jobs[4:], [], 2) == 0  # 195 s are left, each takes 200


def test_a_run_that_ended_unknown_keeps_others_from_waiting(clock: Clock) -> None:
    budget = TimeBudget(10, clock=clock)
    first, other = One('a', 0), One('b', 1)
    budget.training_seconds(first, [first, other], [], 1)
    budget.ended(first)
    assert budget.training_seconds(other, [other], [], 1) == 0


def test_trainings_get_their_time_and_the_rest_is_left(tmp_path: Path) -> None:
    """The record names the time; a run that the time ends goes on at the next call."""
    waits = {'model.pause_at': 2}  # it trains until it is ended
    runs = [dict(name='a', config='configs/a.py'), dict(name='b', config='configs/a.py', cfg_options=waits)]
    stop = threading.Event()
    jobs = make_jobs(tmp_path, toy(seeds=[0], runs=runs), side_by_side=2, stop=stop)
    said = io.StringIO()

    def clock() -> float:  # the time is over when the one is done and the other has made two epochs
        return 60.0 * (jobs[0].record.is_file() and (jobs[1].work_dir / 'epoch_2.pth').is_file())

    outcome = run_jobs(jobs, 2, stop, said, 0.05, TimeBudget(1, clock=clock))
    assert outcome.finished == ['a_seed0']
    assert outcome.left == ['b_seed0']
    assert not outcome.interrupted
    assert not outcome.failed
    assert 'the time of 1 min is over' in said.getvalue()
    record = read_record(jobs[0].record, jobs[0].run, 0)
    assert record is not None
    assert '--max-minutes 0.69 ' in record['commands'][0]  # three quarters of 55 s
    assert jobs[1].status() == 'interrupted'

    stop.clear()
    outcome = run_jobs(jobs[1:], 1, stop, said, 0.05, TimeBudget(1, clock=lambda: 0.0))
    assert outcome.finished == ['b_seed0']
    record = read_record(jobs[1].record, jobs[1].run, 0)
    assert record is not None
    minutes = [float(command.split('--max-minutes ')[1].split()[0]) for command in record['commands'][:2]]
    assert minutes[1] >= minutes[0] == 0.69  # what the first part took counts
