"""Which weights a fine-tuning advises."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from mmirstd.finetune import FinetuneOutcome, ThresholdAdvice, config_path
from mmirstd.utils.errors import ConfigError


@pytest.mark.parametrize(
    ('before', 'after', 'advised'),
    [(0.7, 0.8, None), (0.8, 0.7, 'start.pth'), (0.8, 0.8, None), (None, 0.1, None), (0.8, math.nan, None)],
)
def test_the_start_where_validation_prefers_it(before: float | None, after: float, advised: str | None) -> None:
    val = {'tuned': {'IoU': after}} | ({} if before is None else {'start': {'IoU': before}})
    threshold = ThresholdAdvice(0.5, {0.5: {'IoU': after}})
    start = None if before is None else 'start.pth'
    assert FinetuneOutcome(Path('best.pth'), {'val': val}, threshold, start=start).advised == advised


def test_a_training_is_not_written_over(tmp_path: Path) -> None:
    assert config_path(tmp_path) == tmp_path / 'config.py'
    (tmp_path / 'work').mkdir()
    with pytest.raises(ConfigError, match='a fine-tuning was begun there(?s:.*)--resume'):
        config_path(tmp_path)
