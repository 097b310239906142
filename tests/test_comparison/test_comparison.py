from __future__ import annotations

from pathlib import Path

import pytest

from mmirstd.benchmark import load_suite
from mmirstd.comparison import Budget, ComparedNetwork, Comparison, ComparisonData
from mmirstd.engine.config_files import load_config
from mmirstd.utils.errors import ConfigError
from tests.shared import REPO

NETWORKS = [
    ComparedNetwork('acm', 'mmirstd::_base_/models/acm.py', 'model = dict(decode_head=dict(dropout_ratio=0.4))\n'),
    ComparedNetwork('top', None, "model = dict(type='mmirstd.WhiteTopHat', kernel_size=9)\n", trains=False),
]
DATA = ComparisonData('mmirstd::_base_/datasets/sirst3.py', 100, Path('/data/SIRST3'))


def comparison(folder: Path, epochs: int = 7, out: str = 'c/r.md') -> Comparison:
    budget = Budget(epochs, 4, 2, 'cpu_adamw-onecycle', 1e-3, (0, 1))
    return Comparison(NETWORKS, DATA, budget, [folder / out, folder / 'r.tex'], 'mmirstd compare-networks ...')


def test_the_suite_and_its_configs(tmp_path: Path) -> None:
    made = comparison(tmp_path)
    assert made.write()
    assert made.suite == tmp_path / 'c' / 'r.yml'
    suite = load_suite(made.suite, REPO)
    acm, top = suite.runs
    assert (acm.seeds, top.seeds) == ((0, 1), (0,))
    assert (acm.config, acm.config_file) == ('r/acm.py', tmp_path / 'c' / 'r' / 'acm.py')
    assert suite.data_roots == dict(data='/data/SIRST3')
    assert suite.tables[0].readme is None
    assert '7 epochs, batch size 4, schedule cpu_adamw-onecycle, learning rate 0.001' in suite.tables[0].note
    cfg = load_config(str(acm.config_file), acm.options)
    assert (cfg.train_cfg.max_epochs, cfg.train_dataloader.batch_size) == (7, 4)
    assert (cfg.param_scheduler[0].eta_max, cfg.optim_wrapper.optimizer.lr) == (1e-3, 1e-3)
    assert cfg.model.decode_head.dropout_ratio == 0.4
    assert not load_config(str(top.config_file), top.options).get('train_cfg')
    lines = made.suite.read_text().splitlines()
    assert lines[0].endswith('suite.schema.json')
    assert lines[4] == f'#   mmirstd benchmark {made.suite} --out {tmp_path}/c/r.md --out {tmp_path}/r.tex'


def test_what_is_there_stays(tmp_path: Path) -> None:
    made = comparison(tmp_path)
    made.write()
    config = tmp_path / 'c' / 'r' / 'acm.py'
    config.write_text(config.read_text() + '# mine\n')
    assert not made.write()
    assert config.read_text().endswith('# mine\n')
    with pytest.raises(ConfigError, match=r'r.yml: is the suite of another comparison.*\n  cure: .*mmirstd benchmark'):
        comparison(tmp_path, epochs=8).write()
    assert comparison(tmp_path, epochs=8, out='c/other.md').write()


def test_other_data_under_the_same_suite_are_an_error(tmp_path: Path) -> None:
    """The suite's text does not hold the data: the records of the first would stand for the second."""

    def made(data: ComparisonData) -> Comparison:
        return Comparison(NETWORKS, data, Budget(7, 4, 2, 'cpu_adamw-onecycle', 1e-3, (0,)), [tmp_path / 'r.md'])

    def lists(content: str) -> ComparisonData:
        def write(folder: Path) -> None:
            (folder / 'train.txt').write_text(content)

        return ComparisonData('./data.py', 9, write=write)

    assert made(lists('a')).write()
    assert not made(lists('a')).write()
    with pytest.raises(ConfigError, match=r'train.txt: is of other data.*\n  cure: .*--out'):
        made(lists('b')).write()
    with pytest.raises(ConfigError, match=r'acm.py: is of other data'):
        made(ComparisonData('mmirstd::_base_/datasets/sirst3.py', 9)).write()
