"""The measurement runs, and its two sides agree (it stops when they do not)."""

from __future__ import annotations

import pytest

from mmirstd.cli import speed
from mmirstd.utils.errors import UserError

pytest.importorskip('skimage')

from mmirstd.cli.speed_metrics import check_equal


def test_prints_ratios_of_equal_figures(capsys):
    speed.main(['metrics', '--images', '6', '--size', '128', '--rounds', '1'])
    printed = capsys.readouterr().out
    assert all(part in printed for part in ('IoU, nIoU', 'Pd, Fa', 'ROC', 'all + curves'))


def test_images_too_small_for_targets_apart_are_refused():
    """Placing them would never end."""
    with pytest.raises(UserError, match='--size: found 64, expected at least 128'):
        speed.main(['metrics', '--images', '6', '--size', '64', '--rounds', '1'])


@pytest.mark.parametrize(
    'argv',
    [
        ['metrics', '--images', '0'],
        ['streaming', '--frames', '0'],
        ['streaming', '--rounds', '0'],
        ['backends', 'acm', '--size', '0', '64'],
        ['infer', 'acm', '--size', '64', '-1'],
    ],
)
def test_numbers_from_one_on(argv, capsys):
    with pytest.raises(SystemExit):
        speed.parse_args(argv)
    assert 'expected a whole number from 1 on' in capsys.readouterr().err


def test_disagreement_stops_it():
    with pytest.raises(SystemExit, match='disagree'):
        check_equal({'Pd': 0.5}, {'Pd': 0.6})
