from __future__ import annotations

import logging
import subprocess
import sys

import mmengine.logging
import pytest

from mmirstd.compat import onedl_notice, silence_onedl_notice
from tests.shared import REPO


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """What reaches mmengine's function behind ours."""
    calls: list[tuple] = []

    def print_log(msg, logger=None, level=logging.INFO):
        calls.append((msg, logger, level))

    monkeypatch.setattr(mmengine.logging, 'print_log', print_log)
    return calls


def test_only_the_notice_is_left_out(printed: list[tuple], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onedl_notice.importlib.util, 'find_spec', lambda name: None)
    silence_onedl_notice()
    ours = mmengine.logging.print_log
    silence_onedl_notice()
    assert mmengine.logging.print_log is ours
    ours('Could not import OneDL', level=logging.DEBUG)
    ours('Could not import OneDL. Skipping OneDL datasets.', level=logging.DEBUG)
    assert printed == []
    others = [
        ('Could not import OneDL', None, logging.WARNING),
        ('Could not import OneDL', 'current', logging.DEBUG),
        ('could not read x.png', None, logging.DEBUG),
        (3, None, logging.DEBUG),
        ('done', None, logging.INFO),
    ]
    for msg, logger, level in others:
        ours(msg, logger, level)
    assert printed == others


def test_with_the_sdk_there_nothing_is_changed(printed: list[tuple], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onedl_notice.importlib.util, 'find_spec', lambda name: object())
    before = mmengine.logging.print_log
    silence_onedl_notice()
    assert mmengine.logging.print_log is before


def test_imports_are_silent() -> None:
    done = subprocess.run(
        [sys.executable, '-c', 'import mmirstd.registry, mmdet.datasets, mmseg.datasets'],
        cwd=REPO,
        capture_output=True,
        text=True,
        check=True,
    )
    assert 'OneDL' not in done.stdout + done.stderr
