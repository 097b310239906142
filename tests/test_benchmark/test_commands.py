from __future__ import annotations

from pathlib import Path

import pytest

from mmirstd.benchmark import Evaluation, Settings, load_suite
from mmirstd.benchmark.commands import Commands
from mmirstd.benchmark.further_tests import by_command, read_evaluations
from mmirstd.utils.errors import ConfigError

from .helpers import segmentation, toy, write_suite


def test_here_and_shown(tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path, toy()), tmp_path)
    run = suite.run('b')
    shown = Commands.shown(suite, run, 1)
    assert shown.train(Path('anywhere/epoch_3.pth')) == [
        'train',
        'configs/b.py',
        '--work-dir',
        'work_dirs/benchmarks/toy/b_seed1',
        '--resume',
        'work_dirs/benchmarks/toy/b_seed1/epoch_3.pth',
        '--cfg-options',
        'data_root=data/toy',
        'model.width=2',
        'randomness.seed=1',
    ]
    here = Commands.here(suite, run, 1, Settings(tmp_path / 'logs', tmp_path / 'work', {'toy': '/data/toy'}))
    assert here.train() == [
        'train',
        str(tmp_path / 'configs/b.py'),
        '--work-dir',
        str(tmp_path / 'work/toy/b_seed1'),
        '--cfg-options',
        'data_root=/data/toy',
        'model.width=2',
        'randomness.seed=1',
    ]


def test_another_data_set_and_schedule(tmp_path: Path) -> None:
    runs = [dict(name='a', config='configs/a.py', data='sirst3', schedule='acm_adagrad-300e')]
    suite = load_suite(write_suite(tmp_path, toy(runs=runs)), tmp_path)
    commands = Commands.shown(suite, suite.run('a'), 0)
    exchanged = ['--data', 'sirst3', '--schedule', 'acm_adagrad-300e']
    assert commands.train()[1:6] == ['configs/a.py', *exchanged]
    assert commands.test(Path('x/best.pth'), per_image=False)[2:7] == [
        'work_dirs/benchmarks/toy/a_seed0/best.pth',
        *exchanged,
    ]


def test_tests(tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path, segmentation()), tmp_path)
    commands = Commands.shown(suite, suite.runs[0], 0)
    folder = 'work_dirs/benchmarks/toy/s_seed0'
    with_checkpoint = commands.test(Path('x/best.pth'), per_image=True)
    assert with_checkpoint[2] == f'{folder}/best.pth'
    assert with_checkpoint[-5:-3] == ['--per-image', f'{folder}/per_image.json']
    without = commands.test(None, per_image=False)
    assert without[2] == '--work-dir'
    assert '--per-image' not in without
    further = commands.further_test(
        [Evaluation('a', 'msda', 64), Evaluation('b', 'msda', 64), Evaluation('c', 'default', 64)], None
    )
    assert further[-7:-3] == ['--protocol', 'msda', '--eval-size', '64']


def test_one_command_a_size_and_one_for_other_options(tmp_path: Path) -> None:
    raw = Evaluation('raw', options={'gain': 0.1})
    tests = [Evaluation('a', 'msda', 64), Evaluation('b', 'dnanet', None), Evaluation('c', 'default', 64), raw]
    assert [[test.name for test in group] for group in by_command(tests)] == [['a', 'c'], ['b'], ['raw']]
    suite = load_suite(write_suite(tmp_path, segmentation()), tmp_path)
    command = Commands.shown(suite, suite.runs[0], 0).further_test([raw], None)
    assert command[command.index('--out') + 1].endswith('/test_raw.json')
    assert command[-2:] == ['randomness.seed=0', 'gain=0.1']


def test_a_record_of_other_options_is_of_another_test() -> None:
    plain, raw = Evaluation('x', 'default', 64), Evaluation('x', 'default', 64, {'gain': (0.1, 0.2)})
    old, new = dict(plain.described(), metrics={}), dict(raw.described(), metrics={})
    assert 'cfg_options' not in old
    assert new['cfg_options'] == {'gain': [0.1, 0.2]}
    assert (plain.made(old), plain.made(new), raw.made(old), raw.made(new)) == (True, False, False, True)
    assert not raw.made(None)


@pytest.mark.parametrize('name', ['256', 'native'])
def test_a_test_with_options_has_no_name_of_a_size(name: str) -> None:
    """It would share folder, file and command with the tests of that size."""
    tests = {name: dict(cfg_options={'model.test_cfg.mode': 'slide'}), 'msda': dict(protocol='msda', eval_size=256)}
    with pytest.raises(ConfigError, match=f'tests: {name}: is the name of the tests of that size'):
        read_evaluations(tests, None, 'suite')
