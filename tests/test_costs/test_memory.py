"""Peak memory of a process of its own."""

from __future__ import annotations

import pytest

from mmirstd.costs.memory import MIB, peak_memory
from mmirstd.costs.own_process import run_alone


def fill(mib: int) -> int | None:
    block = bytearray(mib * MIB)
    block[::4096] = b'x' * len(block[::4096])
    del block
    return peak_memory()


def test_the_peak_is_the_process_own() -> None:
    here = bytearray(200 * MIB)
    here[::4096] = b'x' * len(here[::4096])
    peak = run_alone(fill, 100)
    if peak is None:
        pytest.skip('without the module resource (Windows) a process cannot tell its peak memory')
    assert 100 * MIB < peak < 190 * MIB  # neither what was freed is forgotten, nor is it this process's
