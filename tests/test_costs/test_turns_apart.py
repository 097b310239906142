"""Sides that take turns in processes of their own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from mmirstd.costs.turns_apart import take_turns_apart
from mmirstd.utils.errors import UserError


def side(name: str, record: Path, cpu: float = 0.0) -> Callable[[], None]:
    _write(record, f'{name} built in {os.getpid()}')

    def run() -> None:
        _write(record, f'{name} in {os.getpid()}')
        end = time.process_time() + cpu
        while time.process_time() < end:
            pass
        if name == 'die':
            os._exit(9)
        if name == 'raise':
            raise ValueError('wrong')

    return run


def _write(record: Path, line: str) -> None:
    with record.open('a') as file:
        file.write(f'{line}\n')


def test_each_side_has_a_process_and_they_take_turns(tmp_path: Path) -> None:
    record = tmp_path / 'record.txt'
    seconds = take_turns_apart({'a': partial(side, 'a', record), 'b': partial(side, 'b', record, 0.1)}, rounds=2)
    lines = record.read_text().split('\n')[:-1]
    words = [line.split() for line in lines]
    assert [name for name, *rest in words if 'built' not in rest] == ['b', 'a', 'a', 'b', 'b', 'a']
    assert [name for name, *rest in words if 'built' in rest] == ['b', 'a']  # once, however many rounds
    processes = {name: {line[-1] for line in words if line[0] == name} for name in 'ab'}
    assert len(processes['a']) == len(processes['b']) == 1
    assert processes['a'] != processes['b']
    assert str(os.getpid()) not in processes['a'] | processes['b']
    assert list(seconds) == ['a', 'b']
    assert seconds['b'].cpu >= 0.1  # of that process, not of this one


def test_errors_and_deaths_are_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='wrong'):
        take_turns_apart({'raise': partial(side, 'raise', tmp_path / 'record.txt')}, 1)
    with pytest.raises(UserError, match='die ended without a result: found exit status 9, expected a result'):
        take_turns_apart({'die': partial(side, 'die', tmp_path / 'record.txt')}, 1)
