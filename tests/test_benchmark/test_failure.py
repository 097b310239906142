from __future__ import annotations

from pathlib import Path

import pytest

from mmirstd.benchmark.failure import (
    Failure,
    clear_failure,
    error_line,
    read_failure,
    status_in_words,
    write_failure,
)


@pytest.mark.parametrize(
    ('output', 'line'),
    [
        ('loading\n\nerror: x.py: no such file\n  cure: another\n', 'error: x.py: no such file'),
        (
            'Traceback (most recent call last):\n  File "x"\ntorch.cuda.OutOfMemoryError: CUDA out of memory.\n\nbye\n',
            'torch.cuda.OutOfMemoryError: CUDA out of memory.',
        ),
        ('ValueError: first\nRuntimeError: last\n', 'RuntimeError: last'),
        ('no error is named\nthe loss is not finite\n\n', 'the loss is not finite'),
        ('', 'no output'),
    ],
)
def test_the_line_that_says_why(output: str, line: str) -> None:
    assert error_line(output) == line


def test_statuses_in_words() -> None:
    assert status_in_words(3) == 'ended with status 3'
    assert status_in_words(-9) == 'was killed by SIGKILL, as the system does when memory is full'
    assert status_in_words(-15) == 'was killed by SIGTERM'


def test_kept_until_the_run_begins_anew(tmp_path: Path) -> None:
    assert read_failure(tmp_path) is None
    failure = Failure(3, 'no memory', tmp_path / 'train.out')
    write_failure(tmp_path, failure)
    assert read_failure(tmp_path) == failure
    assert str(failure) == f'seed 3 failed: no memory (log: {tmp_path}/train.out)'
    clear_failure(tmp_path)
    clear_failure(tmp_path)
    assert read_failure(tmp_path) is None
    write_failure(tmp_path, Failure(0, 'no config'))
    assert str(read_failure(tmp_path)) == 'seed 0 failed: no config'
