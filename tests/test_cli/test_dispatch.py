"""The console command."""

from __future__ import annotations

import sys

import pytest

from mmirstd import cli
from mmirstd.utils.resources import resource_root
from mmirstd.version import __version__


def test_help_lists_every_command_and_version_is_ours(capsys):
    for words in ([], ['--help'], ['help']):
        assert cli.main(words) == 0
        shown = capsys.readouterr().out
        assert all(f'\n  {name} ' in shown for name in cli.COMMANDS)
    assert cli.main(['--version']) == 0
    assert capsys.readouterr().out.strip() == __version__


def test_a_misspelled_command_is_answered_with_near_ones(capsys):
    assert cli.main(['trian', 'x']) == 2
    assert 'did you mean: train' in capsys.readouterr().err


@pytest.mark.parametrize('name', cli.COMMANDS)
def test_every_command_is_there(name):
    target = cli.COMMANDS[name][0]
    if target.endswith('.py'):
        assert (resource_root() / 'tools' / target).is_file()
    else:
        __import__(target)


def test_a_command_gets_its_words_and_gives_its_status(capsys, monkeypatch):
    monkeypatch.setattr(sys, 'argv', ['mmirstd'])
    with pytest.raises(SystemExit) as stop:
        cli.main(['compare', '--help'])
    assert stop.value.code == 0
    assert 'compare_runs.py' in capsys.readouterr().out
    with pytest.raises(SystemExit) as stop:
        cli.main(['compare', '--no-such-option'])
    assert stop.value.code == 2
