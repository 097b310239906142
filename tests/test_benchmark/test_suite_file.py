from __future__ import annotations

from pathlib import Path

import pytest

from mmirstd.benchmark import Evaluation, load_suite
from mmirstd.utils.errors import ConfigError

from .helpers import toy, write_suite

COLUMN = dict(value='test.IoU')


def load(root: Path, **changes):
    return load_suite(write_suite(root, toy(**changes)), root)


def test_a_suite(tmp_path: Path) -> None:
    suite = load(
        tmp_path,
        options={'train_cfg': {'max_epochs': 3}},
        tables=[
            dict(name='t', readme='README.md', runs=['*'], columns=[dict(COLUMN, heading='IoU (%)', scale=100)]),
            dict(name='d', readme='README.md', kind='differences', columns=[COLUMN], pairs=[['b', 'a']]),
        ],
    )
    assert (suite.name, suite.path) == ('toy', 'benchmarks/toy.yml')
    a, b = suite.runs
    assert (a.label, b.label, a.seeds, a.data_root, a.data) == ('a', 'B', (0, 1), 'toy', None)
    assert a.config_file == tmp_path / 'configs' / 'a.py'
    assert a.options == {'train_cfg.max_epochs': 3}
    assert b.options == {'model.width': 2, 'train_cfg.max_epochs': 3}
    results, differences = suite.tables
    assert results.runs == ('a', 'b')
    assert results.columns[0].scale == 100.0
    assert differences.pairs == (('b', 'a'),)
    assert differences.columns[0].heading == 'IoU'


def test_further_tests(tmp_path: Path) -> None:
    runs = toy()['runs']
    runs[0]['tests'] = {'msda': dict(protocol='GGL-Net', eval_size=256), 'small': dict(eval_size=64)}
    runs[0]['tests']['raw'] = dict(cfg_options=dict(model=dict(gain=0.1)))
    runs[1]['tests'] = {'basic': None}
    suite = load(
        tmp_path,
        runs=runs,
        tests={'msda': dict(protocol='msda', eval_size=512), 'basic': 'basicirstd'},
        tables=[
            dict(name='t', readme='README.md', columns=[dict(value='test@msda.IoU'), dict(value='test@small.nIoU')])
        ],
    )
    a, b = suite.runs
    assert a.tests == (
        Evaluation('msda', 'msda', 256),
        Evaluation('basic', 'basicirstd'),
        Evaluation('small', 'default', 64),
        Evaluation('raw', options={'model.gain': 0.1}),
    )
    assert b.tests == (Evaluation('msda', 'msda', 512),)
    assert [(c.test, c.heading) for c in suite.tables[0].columns] == [('msda', 'IoU (msda)'), ('small', 'nIoU (small)')]


def run(**changes) -> dict:
    return dict(dict(name='a', config='configs/a.py'), **changes)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(runz=[]), r"unknown key 'runz'.*\n.*did you mean: runs"),
        (dict(runs=[]), r'runs: found \[\]; expected a list of runs'),
        (dict(runs=[run(confg='x')]), r"runs\[0\] \(a\): unknown key 'confg'.*\n.*did you mean: config"),
        (dict(runs=[dict(name='a')]), r'runs\[0\] \(a\): config missing'),
        (dict(runs=[run(), run()]), r'given more than once: a'),
        (dict(runs=[run(name='a/b')]), r"name: found 'a/b'; expected letters"),
        (dict(runs=[run(config='configs/aa.py')]), r"(?s)'configs/aa.py' does not exist.*did you mean:.*configs/a.py"),
        (dict(runs=[run(config='/configs/a.py')]), r"config '/configs/a.py' does not exist; looked in /configs"),
        (dict(runs=[run(seeds=[0, 0])]), r'seeds: given more than once: 0'),
        (dict(runs=[run(seeds=3)]), r'seeds: found 3; expected a list of whole numbers'),
        (dict(seeds=None), r'seeds: found none'),
        (
            dict(runs=[run(checkpoint='configs/relased.pth')]),
            r"(?s)checkpoint 'configs/relased.pth' does not exist.*did you mean:.*configs/released.pth",
        ),
        (dict(runs=[run(checkpoint='/released.pth')]), r"checkpoint '/released.pth' does not exist; looked in /\."),
        (dict(runs=[run(checkpoint='configs/released.pth', seeds=[0])]), r'seeds: a run that tests a checkpoint'),
        (dict(runs=[run(data_root='toi')]), r"data_root: 'toi' is not among data_roots \(toy\)"),
        (dict(runs=[run(data='toy')]), r"data: 'toy' is one of data_roots.*\n.*cure: data_root: toy"),
        (dict(runs=[run(data='nudt')]), r'--data nudt: there is no such data set.\n.*nudt-sirst-663-664'),
        (dict(runs=[run(data='/data/mine.py')]), r'--data /data/mine.py: there is no such data set'),
        (dict(data_roots={'x': 'a', 'y': 'b'}), r'which of the data_roots x, y'),
        (dict(data_roots={'x': 3}), r'data_roots: x: found 3; expected a path'),
        (dict(seeds=[0, 1.0]), r'seeds\[1\]: found 1.0; expected a whole number'),
        (dict(seeds=[True]), r'seeds\[0\]: found True; expected a whole number'),
        (dict(runs=[run(cfg_options={'data_root': 'x'})]), r'data_root is no option of a run'),
        (dict(runs=[run(cfg_options={'model.a': 'x,y'})]), r"model.a: 'x,y' cannot be given by --cfg-options"),
        (dict(runs=[run(cfg_options={'model': {'a': 1}, 'model.a': 2})]), r'model.a is given twice'),
        (dict(tests=[1]), r'tests: found \[1\]; expected a mapping NAME'),
        (dict(tests={'a.b': 'msda'}), r"tests: found 'a.b'; expected letters"),
        (dict(tests={'m': 'msdda'}), r"tests: m: unknown evaluation protocol 'msdda'; did you mean 'msda'"),
        (
            dict(tests={'m': dict(protocol='msda', size=3)}),
            r"tests: m: unknown key 'size'.*\n.*did you mean: eval_size",
        ),
        (
            dict(tests={'m': dict(protocol='msda', eval_size='512')}),
            r"eval_size: found '512'; expected a number of pixels",
        ),
        (dict(tests={'m': {}}), r'tests: m: found {}; expected a protocol'),
        (dict(tests={'m': 'default'}), r'is tested anyway, as test.METRIC'),
        (dict(runs=[run(tests={'m': None})]), r'the suite has no such test that could be left out'),
        (
            dict(tests={'msda': 'msda'}, tables=[dict(name='t', readme='R.md', columns=[dict(value='test@mdsa.IoU')])]),
            r"(?s)no run of the table has a test 'mdsa'.*did you mean: msda",
        ),
        (dict(tables=[dict(name='t', readme='R.md', columns=[dict(value='test@m')])]), r'expected test.METRIC'),
        (dict(tables=[dict(name='t', readme='R.md', columns=[COLUMN], over='images')]), r'over belongs to kind: diff'),
        (
            dict(
                tables=[
                    dict(name='t', readme='R.md', columns=[COLUMN], kind='differences', over='x', pairs=[['a', 'b']])
                ]
            ),
            r"over: found 'x'; expected one of seeds, images",
        ),
        (
            dict(
                tables=[
                    dict(
                        name='t',
                        readme='R.md',
                        columns=[dict(value='val.IoU')],
                        kind='differences',
                        over='images',
                        pairs=[['b', 'a']],
                    )
                ]
            ),
            r'val.IoU: over: images can compare test.IoU, ',
        ),
        (dict(tables=[dict(name='t', readme='R.md', columns=[dict(value='tst.IoU')])]), r'expected test.METRIC'),
        (dict(tables=[dict(name='t', readme='R.md', columns=[dict(COLUMN, format='.3q')])]), r"format: found '.3q'"),
        (
            dict(tables=[dict(name='t', readme='R.md', columns=[dict(COLUMN, better='big')])]),
            r"better: found 'big'; expected one of higher, lower",
        ),
        (dict(tables=[dict(name='t', readme='R.md', columns=[COLUMN], runs=['c'])]), r"'c' matches no run"),
        (
            dict(tables=[dict(name='t', readme='R.md', columns=[COLUMN], kind='x')]),
            r"kind: found 'x'; expected one of results",
        ),
        (
            dict(tables=[dict(name='t', readme='R.md', columns=[COLUMN], kind='differences', pairs=[['a']])]),
            r'expected \[A, B\]',
        ),
        (
            dict(tables=[dict(name='t', readme='R.md', columns=[COLUMN], kind='differences', pairs=[['a', 'bb']])]),
            r"(?s)there is no run 'bb'.*did you mean: b",
        ),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, changes: dict, message: str) -> None:
    (tmp_path / 'configs').mkdir()
    (tmp_path / 'configs' / 'released.pth').touch()
    with pytest.raises(ConfigError, match=message):
        load(tmp_path, **changes)


def test_no_yaml(tmp_path: Path) -> None:
    path = write_suite(tmp_path, toy())
    with pytest.raises(ConfigError, match=r'(?s)cannot be read.*benchmarks/toy.yml'):
        load_suite(tmp_path / 'tory.yml', tmp_path)
    path.write_text('runs: [')
    with pytest.raises(ConfigError, match='is no YAML'):
        load_suite(path, tmp_path)


def test_the_suites_of_the_repository_are_valid() -> None:
    from tests.shared import REPO

    paths = sorted((REPO / 'benchmarks').glob('*.yml'))
    assert paths
    for path in paths:
        suite = load_suite(path, REPO)
        for table in suite.tables:
            assert f'<!-- benchmark:{suite.name}/{table.name} -->' in (REPO / table.readme).read_text()
