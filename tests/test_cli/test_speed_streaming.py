"""The measurement as users run it, on a tiny network; figures for real networks are its own output."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from mmirstd.cli.speed import parse_args
from mmirstd.cli.speed_streaming import check_equal, report
from mmirstd.utils.errors import CheckpointError, ConfigError
from tests.shared import REPO

SSTNET = str(REPO / 'configs/_base_/models/sstnet-nano.py')
TINY = [
    'model.backbone.widen_factor=0.0625',
    'model.neck.in_channels=[16,32,64]',
    'model.temporal_neck.in_channels=16',
    'model.motion_branch=None',
]


def test_prints_ratios_and_what_remains(capsys: pytest.CaptureFixture) -> None:
    args = parse_args(
        [
            'streaming',
            SSTNET,
            '--size',
            '64',
            '64',
            '--frames',
            '3',
            '--rounds',
            '1',
            '--cfg-options',
            *TINY,
        ]
    )
    table = report(args)
    assert set(table) == {'windowed', 'windowed, fused', 'streaming'}
    printed = capsys.readouterr().out
    assert 'The maps of the head agree to' in printed
    assert ' p95 ' in printed
    assert 'Peak memory of this process' in printed or sys.platform == 'win32'
    assert f'{table["windowed"] / table["streaming"]:.2f}x' in printed
    for part in ('backbone and pyramid', 'temporal neck, coupling', 'head', 'decode, suppress'):
        assert part in printed


def test_what_is_no_detector_of_clips_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='mshnet_.*found a EncoderDecoder, expected a detector of clips'):
        report(parse_args(['streaming', 'mshnet_b4-400e_irstd-1k-800-201']))
    torch.save(dict(state_dict=dict(x=torch.zeros(1))), tmp_path / 'other.pth')
    with pytest.raises(CheckpointError, match='belongs to another network'):
        report(parse_args(['streaming', SSTNET, str(tmp_path / 'other.pth'), '--cfg-options', *TINY]))


def test_a_detector_without_a_stream_is_refused() -> None:
    with pytest.raises(ConfigError, match='found clips of 5 frames in 2 versions.*expected a detector that frames can'):
        report(parse_args(['streaming', 'tdcnet_b4-20e_irdst', '--size', '64', '64']))


def test_sides_that_disagree_are_not_timed() -> None:
    class Head(torch.nn.Module):
        def forward(self, offset: float) -> tuple:
            return ([torch.full((1, 1, 2, 2), offset)],)

    heads = {'a': Head(), 'b': Head()}
    sides = {'a': lambda i: heads['a'](0.0), 'b': lambda i: heads['b'](1e-4 * i)}
    assert check_equal(sides, heads, 1) == 0
    with pytest.raises(SystemExit, match='disagree'):
        check_equal(sides, heads, 2)
