"""Who is heard on the console of a training, and of a test."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.runner import Runner

from mmirstd.engine.short_console import ShortConsoleRunner, ShortTestRunner
from mmirstd.engine.test_runner import TestRunner
from tests.test_engine.small_runner import small_runner


def test_the_table_is_on_the_console_and_the_log_in_the_file(tmp_path, capsys):
    runner = small_runner(tmp_path, epochs=2, runner_class=ShortConsoleRunner, log_level='INFO')
    runner.logger.info('chosen for this machine')
    print_log('so is this', logger=runner.logger)
    print_log('mind that', logger=runner.logger, level=logging.WARNING)
    runner.train()
    out, log = capsys.readouterr().out, Path(runner.logger.log_file).read_text()
    assert [line.split()[0] for line in out.splitlines()[-3:]] == ['epoch', '1/2', '2/2']
    for text in ('chosen for this machine', 'so is this', 'mind that'):
        assert text in out
        assert text in log
    for text in ('Epoch(val)', 'Hooks will be executed', 'System environment'):
        assert text not in out
        assert text in log


def test_another_process_has_no_table(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(ShortConsoleRunner, 'rank', 1)
    small_runner(tmp_path, epochs=1, runner_class=ShortConsoleRunner).train()
    assert 'epoch' not in capsys.readouterr().out


def log_as(module, runner):
    """A line that a module has logged."""
    exec("print_log('figures', logger=logger)", dict(__name__=module, print_log=print_log, logger=runner.logger))


@pytest.mark.parametrize(('runner_class', 'shown'), [(ShortConsoleRunner, False), (ShortTestRunner, True)])
def test_only_a_test_shows_the_tables_of_its_evaluators(runner_class, shown, tmp_path, capsys):
    runner = small_runner(tmp_path, epochs=1, runner_class=runner_class, log_level='INFO')
    log_as('mmirstd.evaluation.metrics.irstd_metric', runner)
    out = capsys.readouterr().out
    assert ('figures' in out) == shown
    assert 'System environment' not in out
    assert 'figures' in Path(runner.logger.log_file).read_text()


@pytest.mark.parametrize('runner_class', [TestRunner, ShortTestRunner])
def test_a_test_leaves_the_config_of_the_training(tmp_path: Path, runner_class: type[Runner]) -> None:
    of_training = tmp_path / 'net.py'
    of_training.write_text('epochs = 3\n')
    given = tmp_path / 'given' / 'net.py'
    given.parent.mkdir()
    given.write_text('model = dict(test_cfg=None)\n')
    cfg = Config.fromfile(given)
    runner = small_runner(tmp_path, runner_class=runner_class, cfg=cfg)
    assert of_training.read_text() == 'epochs = 3\n'
    assert (Path(runner.log_dir) / 'net.py').read_text() == 'model = dict(test_cfg=None)\n'
