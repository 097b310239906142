"""The benchmark runs, and its two sides agree (it exits when they do not)."""

from __future__ import annotations

import importlib.util

import pytest

from tests.shared import REPO

pytest.importorskip('skimage')


@pytest.fixture(scope='module')
def benchmark():
    spec = importlib.util.spec_from_file_location(
        'benchmark_metrics', REPO / 'tools' / 'analysis_tools' / 'benchmark_metrics.py'
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_prints_ratios_of_equal_figures(benchmark, capsys):
    benchmark.main(['--images', '6', '--size', '128', '--rounds', '1'])
    printed = capsys.readouterr().out
    assert all(part in printed for part in ('IoU, nIoU', 'Pd, Fa', 'ROC', 'all + curves'))


def test_disagreement_stops_it(benchmark):
    with pytest.raises(SystemExit, match='disagree'):
        benchmark.check_equal({'Pd': 0.5}, {'Pd': 0.6})
