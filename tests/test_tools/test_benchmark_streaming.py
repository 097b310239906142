"""The benchmark as users run it, on a tiny network; figures for real networks are its own output."""

from __future__ import annotations

import pytest

from tests.shared import REPO
from tools.analysis_tools.benchmark_streaming import main

TINY = ['model.backbone.widen_factor=0.0625', 'model.neck.in_channels=[16,32,64]', 'model.temporal_neck.in_channels=16',
        'model.motion_branch=None']


def test_prints_ratios_and_what_remains(capsys: pytest.CaptureFixture) -> None:
    table = main([str(REPO / 'configs/_base_/models/sstnet-tiny.py'), '--size', '64', '64', '--frames', '3', '--rounds',
                  '1', '--cfg-options', *TINY])
    assert set(table) == {'windowed', 'windowed, fused', 'streaming'}
    printed = capsys.readouterr().out
    assert 'Detections are equal.' in printed
    assert f'{table["windowed"] / table["streaming"]:.2f}x' in printed
    for part in ('backbone and pyramid', 'temporal neck, coupling', 'head', 'decode, suppress'):
        assert part in printed
