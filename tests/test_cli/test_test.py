"""What ``mmirstd test`` says beside its figures."""

from __future__ import annotations

from pathlib import Path

import torch

from mmirstd.cli.test import unused_threshold
from mmirstd.engine.checkpoint_meta import store_operating_point
from mmirstd.false_alarms.operating_point import OperatingPoint


def test_a_threshold_that_is_not_tested_is_said(tmp_path: Path) -> None:
    plain, calibrated = tmp_path / 'plain.pth', tmp_path / 'calibrated.pth'
    torch.save(dict(state_dict={}), plain)
    store_operating_point(plain, calibrated, OperatingPoint(32.5, asked='at most 1e-06 false pixels a pixel'))
    assert unused_threshold(str(plain)) == []
    [said] = unused_threshold(str(calibrated))
    assert 'logit > 32.5, chosen for at most 1e-06 false pixels a pixel) is not tested' in said
