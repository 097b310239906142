"""Ctrl-C ends a benchmark only when its jobs have ended their tools."""

from __future__ import annotations

import io
import os
import signal
import threading
import time
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from mmirstd.benchmark.scheduler import run_jobs
from mmirstd.benchmark.tool_process import Stopped


@dataclass
class Training:
    """Sends Ctrl-C as soon as it runs, and takes a while to end, as a training does that saves its state."""

    stop: threading.Event
    name: str = 'acm_seed0'
    gpu: str | None = None
    settings: Any = field(default_factory=lambda: SimpleNamespace(gpu_of=lambda slot: None))
    ended: bool = False

    def __call__(self) -> None:
        time.sleep(0.05)  # until the main thread waits
        os.kill(os.getpid(), signal.SIGINT)
        assert self.stop.wait(30)
        time.sleep(0.2)
        self.ended = True
        raise Stopped


@pytest.fixture
def ctrl_c() -> Any:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures('ctrl_c')
def test_an_interruption_waits_for_the_training_to_end() -> None:
    stop, said = threading.Event(), io.StringIO()
    first, second = Training(stop), Training(stop, 'dnanet_seed0')
    outcome = run_jobs([first, second], 1, stop, said)
    assert outcome.interrupted
    assert not outcome.finished
    assert not outcome.failed
    assert first.ended
    assert not second.ended
    assert 'acm_seed0: stopped, can be continued' in said.getvalue()
