"""Peak memory of a process of its own."""

from __future__ import annotations

import os

import pytest

from mmirstd.costs.memory import MIB, peak_memory, run_alone
from mmirstd.utils.errors import UserError


def fill(mib: int) -> int | None:
    block = bytearray(mib * MIB)
    block[::4096] = b'x' * len(block[::4096])
    del block
    return peak_memory()


def work(what: str) -> None:
    if what == 'die':
        os._exit(9)
    raise ValueError(what)


def test_the_peak_is_the_process_own() -> None:
    here = bytearray(200 * MIB)
    here[::4096] = b'x' * len(here[::4096])
    peak = run_alone(fill, 100)
    if peak is None:
        pytest.skip('without the module resource (Windows) a process cannot tell its peak memory')
    assert 100 * MIB < peak < 190 * MIB  # neither what was freed is forgotten, nor is it this process's


def test_errors_and_deaths_are_told() -> None:
    with pytest.raises(ValueError, match='wrong'):
        run_alone(work, 'wrong')
    with pytest.raises(UserError, match='found exit status 9, expected a result'):
        run_alone(work, 'die')
