from __future__ import annotations

from pathlib import Path

import pytest

from mmirstd.benchmark import load_suite, move_data
from mmirstd.utils.errors import ConfigError

from .helpers import toy, write_suite


def load(root: Path, **changes):
    return load_suite(write_suite(root, toy(**changes)), root)


def test_seeds_are_outermost_and_can_be_chosen(tmp_path: Path) -> None:
    runs = toy()['runs']
    runs[0]['seeds'] = [0, 1, 2]
    suite = load(tmp_path, runs=runs)
    assert [(run.name, seed) for run, seed in suite.select()] == [('a', 0), ('b', 0), ('a', 1), ('b', 1), ('a', 2)]
    assert [(run.name, seed) for run, seed in suite.select(['b*'], [1, 7])] == [('b', 1)]
    with pytest.raises(ConfigError, match=r"--only: 'c\*' matches no run"):
        suite.select(['c*'])
    with pytest.raises(ConfigError, match='no run is left'):
        suite.select(None, [7])


def test_data_roots_are_moved(tmp_path: Path) -> None:
    suite = load(tmp_path)
    assert move_data(suite, []) == {'toy': str(tmp_path / 'data/toy')}
    assert move_data(suite, [str(tmp_path)]) == {'toy': str(tmp_path)}
    assert move_data(suite, [f'toy={tmp_path}']) == {'toy': str(tmp_path)}
    with pytest.raises(ConfigError, match='did you mean: toy'):
        move_data(suite, ['tony=x'])
