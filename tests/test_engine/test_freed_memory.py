"""Freed memory that stays with the process."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from mmirstd.engine import freed_memory
from mmirstd.engine.freed_memory import keep_freed_memory

GLIBC = platform.libc_ver()[0] == 'glibc'

# A block of 64 MiB is written and freed, five times: how many pages the system had to hand out after the first.
SCRIPT = """
import resource
import numpy as np
from mmirstd.engine.freed_memory import keep_freed_memory
assert not {kept} or keep_freed_memory()
def fill(): np.ones(64 * 2**20, np.uint8)
fill()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5): fill()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(kept: bool) -> int:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(('MALLOC_', 'GLIBC_TUN'))}
    environ.pop('LD_PRELOAD', None)
    run = [sys.executable, '-c', SCRIPT.format(kept=kept)]
    return int(subprocess.run(run, check=True, capture_output=True, text=True, env=environ).stdout)


@pytest.mark.skipif(not GLIBC, reason='glibc alone has these settings')
def test_pages_that_were_freed_are_used_again():
    """5 x 64 MiB are 81,920 pages of 4 KiB, or 160 huge ones."""
    assert faults(kept=True) < 0.5 * faults(kept=False)


@pytest.mark.parametrize('name', ['MALLOC_TRIM_THRESHOLD_', 'GLIBC_TUNABLES', 'LD_PRELOAD'])
def test_the_users_choice_stays(monkeypatch, name):
    monkeypatch.setattr(freed_memory, '_mallopt', lambda: pytest.fail('the allocator was set'))
    assert not keep_freed_memory({name: '1'})


def test_other_systems_are_left_alone(monkeypatch):
    monkeypatch.setattr(freed_memory, '_mallopt', lambda: None)
    assert not keep_freed_memory({})


def test_a_refused_threshold_is_told(monkeypatch):
    monkeypatch.setattr(freed_memory, '_mallopt', lambda: lambda name, value: int(name != -3))
    assert not keep_freed_memory({})
