"""The measurement runs, and its two sides agree (it stops when they do not)."""

from __future__ import annotations

import pytest

from mmirstd.cli import speed

pytest.importorskip('skimage')

from mmirstd.cli.speed_metrics import check_equal


def test_prints_ratios_of_equal_figures(capsys):
    speed.main(['metrics', '--images', '6', '--size', '128', '--rounds', '1'])
    printed = capsys.readouterr().out
    assert all(part in printed for part in ('IoU, nIoU', 'Pd, Fa', 'ROC', 'all + curves'))


def test_disagreement_stops_it():
    with pytest.raises(SystemExit, match='disagree'):
        check_equal({'Pd': 0.5}, {'Pd': 0.6})
