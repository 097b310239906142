"""A tiny generated data set, a config on it, and a way to run the real tools."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.shared import REPO
from tests.tiny_training import tiny_config_text, write_tiny_data

Run = Callable[..., subprocess.CompletedProcess]


@pytest.fixture(scope='session')
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen training, four validation and four test images of 32x32, one bright 5x5 target each."""
    return write_tiny_data(tmp_path_factory.mktemp('data') / 'TINY')


@pytest.fixture(scope='session')
def make_config(tmp_path_factory: pytest.TempPathFactory, tiny_data: Path) -> Callable[..., Path]:
    """Write a config for a GGL-Net of four base channels; ``extra`` is appended to it."""

    def make(name: str = 'tiny', extra: str = '', norm: str = "dict(type='BN')") -> Path:
        path = tmp_path_factory.mktemp('config') / f'{name}.py'
        path.write_text(tiny_config_text(tiny_data, norm) + extra)
        return path

    return make


@pytest.fixture(scope='session')
def tiny_config(make_config: Callable[..., Path]) -> Path:
    """The config of most tests."""
    return make_config()


@pytest.fixture(scope='session')
def run() -> Run:
    """Run a command of the tools folder in a directory; output of both streams in ``stdout``."""

    def call(tool: str, *args: object, cwd: Path, status: int | None = 0) -> subprocess.CompletedProcess:
        script = str(REPO / 'tools' / tool)
        command = ['bash', script] if tool.endswith('.sh') else [sys.executable, script]
        environ = {**os.environ, 'OMP_NUM_THREADS': '1', 'PYTHON': sys.executable}
        done = subprocess.run(
            [*command, *map(str, args)],
            cwd=cwd,
            env=environ,
            text=True,
            timeout=240,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert status is None or done.returncode == status, done.stdout[-4000:]
        return done

    return call


@pytest.fixture(scope='session')
def trained(run: Run, tiny_config: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Two epochs by ``tools/train.py``, started elsewhere: the work dir and the output."""
    elsewhere = tmp_path_factory.mktemp('elsewhere')
    done = run('train.py', tiny_config, cwd=elsewhere)
    return elsewhere / 'work_dirs' / 'tiny', done.stdout
