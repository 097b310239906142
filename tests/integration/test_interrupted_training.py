"""A short form of tests/reliability: a real training is killed (kill -9, SIGTERM) and continued."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shared import REPO


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='processes are forked')
def test_a_killed_training_ends_where_one_that_was_left_alone_does(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, '-m', 'tests.reliability.interrupted_training', '--kills', '2', '--epochs', '2']
        + ['--places', 'best', 'step', '--ranks', '1', '--precision', 'float32', '--workers', '2'],
        cwd=REPO,
        env={**os.environ, 'OMP_NUM_THREADS': '1', 'TMPDIR': str(tmp_path)},
        text=True,
        timeout=300,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert '2 kills in 1 trainings' in done.stdout
    assert 'ended bit by bit as the one that was left alone' in done.stdout
