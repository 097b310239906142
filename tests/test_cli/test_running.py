from __future__ import annotations

import os

import pytest
import torch

from mmirstd.cli.running import run_tool


class Ended(BaseException):
    """In place of the end of the process."""


def leave(status: int) -> None:
    raise Ended(status)


@pytest.mark.parametrize(
    'text', ['[pair.cc:553] Connection closed by peer [127.0.0.1]:16030', 'Timed out waiting 1800000ms for recv']
)
def test_a_rank_that_is_gone_ends_the_others_with_a_message(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(torch.distributed, 'is_initialized', lambda: True)
    monkeypatch.setattr(os, '_exit', leave)

    def main() -> int:
        raise RuntimeError(text)

    with pytest.raises(Ended, match='2'):
        run_tool(main)
    errors = capsys.readouterr().err
    assert 'another process of this run is gone' in errors
    assert '--resume' in errors


@pytest.mark.parametrize('group', [False, True])
def test_other_errors_keep_their_traceback(group: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.distributed, 'is_initialized', lambda: group)

    def main() -> int:
        raise RuntimeError('size mismatch' if group else 'Connection closed by peer')

    with pytest.raises(RuntimeError):
        run_tool(main)
