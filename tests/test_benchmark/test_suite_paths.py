from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mmirstd.benchmark import SuitePaths, load_suite, move_data

from .helpers import CONFIG, toy, write_suite


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_in_the_checkout_paths_begin_at_the_checkout(tmp_path: Path) -> None:
    paths = SuitePaths(touch(tmp_path / 'benchmarks' / 's.yml'), tmp_path)
    assert (paths.home, paths.shown) == (tmp_path, 'benchmarks/s.yml')
    beside = touch(tmp_path / 'benchmarks' / 'x.py')
    assert paths.find_file('x.py') == beside
    first = touch(tmp_path / 'x.py')
    assert paths.find_file('x.py') == first
    assert paths.target('y') == tmp_path / 'y'


def test_elsewhere_they_begin_at_the_suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, mine = tmp_path / 'site' / 'mmirstd' / '.mim', tmp_path / 'mine'
    paths = SuitePaths(touch(mine / 's.yml'), root)
    assert (paths.home, paths.shown) == (mine, 's.yml')
    of_mmirstd = touch(root / 'configs' / 'x.py')
    assert paths.find_file('configs/x.py') == of_mmirstd
    own = touch(mine / 'configs' / 'x.py')
    assert paths.find_file('configs/x.py') == own
    assert paths.find_file(str(of_mmirstd)) == of_mmirstd
    assert paths.find('none') == paths.target('none') == mine / 'none'
    monkeypatch.setenv('HOME', str(tmp_path))
    assert paths.find_file('~/mine/configs/x.py') == own
    assert paths.find_file('configs') is None


def test_a_suite_of_a_user(tmp_path: Path) -> None:
    """Absolute paths, paths beside the suite, configs of mmirstd; records and work dirs beside the suite."""
    root, mine = tmp_path / 'mmirstd', tmp_path / 'mine'
    write_suite(root, toy())
    (mine / 'data').mkdir(parents=True)
    (mine / 'own.py').write_text(CONFIG)
    content = dict(
        data_roots=dict(here='data', there=str(tmp_path)),
        seeds=[0],
        runs=[
            dict(name='own', config='own.py', data_root='here'),
            dict(name='absolute', config=str(mine / 'own.py'), data_root='there'),
            dict(name='shipped', config='configs/a.py', data_root='there', data='data.py'),
        ],
    )
    (mine / 'data.py').write_text('')
    (mine / 's.yml').write_text(yaml.safe_dump(content))
    suite = load_suite(mine / 's.yml', root)
    assert [run.config_file for run in suite.runs] == [mine / 'own.py', mine / 'own.py', root / 'configs/a.py']
    assert (suite.runs[2].data, suite.runs[2].data_file) == ('data.py', str(mine / 'data.py'))
    assert move_data(suite, []) == dict(here=str(mine / 'data'), there=str(tmp_path))
    assert suite.logs == mine / 'logs'
    assert suite.work_dir == mine / 'work_dirs' / 'benchmarks'
    (mine / 's.yml').write_text(yaml.safe_dump(dict(content, logs='records', work_dir=str(tmp_path / 'big'))))
    suite = load_suite(mine / 's.yml', root)
    assert (suite.logs, suite.work_dir) == (mine / 'records', tmp_path / 'big')


def test_our_suites_keep_their_folders(tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path, toy()), tmp_path)
    assert suite.logs == tmp_path / 'benchmarks' / 'logs'
    assert suite.work_dir == tmp_path / 'work_dirs' / 'benchmarks'
