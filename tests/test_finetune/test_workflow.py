"""Which network a fine-tuning hands out, and what the same command does again."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from mmirstd.finetune import Call, FinetuneOutcome, ThresholdAdvice, alone
from mmirstd.utils.errors import CheckpointError, ConfigError


@pytest.mark.parametrize(
    ('before', 'after', 'kept'),
    [(0.7, 0.8, False), (0.8, 0.7, True), (0.8, 0.8, True), (None, 0.1, False), (0.8, math.nan, False)],
)
def test_the_start_takes_part_in_the_choice(before: float | None, after: float, kept: bool) -> None:
    val = {'tuned': {'IoU': after}} | ({} if before is None else {'start': {'IoU': before}})
    threshold = ThresholdAdvice(0.5, {0.5: {'IoU': after}})
    start = None if before is None else 'start.pth'
    outcome = FinetuneOutcome(Path('best.pth'), {'val': val}, threshold, start=start)
    assert outcome.kept is kept
    assert outcome.checkpoint == Path('start.pth' if kept else 'best.pth')


def test_only_the_same_call_goes_on(tmp_path: Path) -> None:
    call = Call('mmirstd finetune a b', {'images': '/a', '--epochs': None})
    assert not call.goes_on(tmp_path)
    call.write(tmp_path)
    assert not call.goes_on(tmp_path)  # nothing is trained
    (tmp_path / 'work').mkdir()
    assert Call('mmirstd finetune ../a b', {'images': '/a', '--epochs': None}).goes_on(tmp_path)
    with pytest.raises(
        ConfigError, match=r'\(--epochs not given, now 3\)(?s:.*)go on with it by `mmirstd finetune a b`'
    ):
        Call('mmirstd finetune a b --epochs 3', {'images': '/a', '--epochs': 3}).goes_on(tmp_path)


def test_one_process_at_a_time(tmp_path: Path) -> None:
    again = pytest.raises(CheckpointError, match='another process works in')
    with alone(tmp_path / 'mine'), again, alone(tmp_path / 'mine'):
        pass
    assert not (tmp_path / 'mine').exists()  # nothing was made in it
    with alone(tmp_path / 'mine'):
        (tmp_path / 'mine/config.py').touch()
    (tmp_path / 'empty').mkdir()
    with alone(tmp_path / 'empty'):
        pass
    assert (tmp_path / 'mine/config.py').is_file()
    assert (tmp_path / 'empty').is_dir()


def test_a_training_of_unknown_origin_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / 'work').mkdir()
    with pytest.raises(ConfigError, match='a fine-tuning was begun there(?s:.*)--resume'):
        Call('mmirstd finetune a b', {}).goes_on(tmp_path)
    (tmp_path / 'file').touch()
    with pytest.raises(ConfigError, match='is a file'):
        Call('mmirstd finetune a b', {}).goes_on(tmp_path / 'file')
