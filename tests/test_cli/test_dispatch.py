"""The console command, the scripts of tools/, and how fast both answer."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from mmirstd import cli
from mmirstd.utils.commands import COMMANDS
from mmirstd.version import __version__
from tests.shared import REPO

DOORS = {name: command.script for name, command in COMMANDS.items() if command.script}
#: What takes long to import; nothing of it may be needed to say how a command is used.
HEAVY = ('torch', 'mmengine', 'mmcv', 'mmdet', 'mmseg', 'cv2', 'scipy', 'matplotlib', 'PIL', 'gradio', 'rich', 'tqdm')


def test_help_lists_every_command_and_version_is_ours(capsys):
    for words in ([], ['--help'], ['help']):
        assert cli.main(words) == 0
        shown = capsys.readouterr().out
        assert all(f'\n  {name} ' in shown for name in COMMANDS)
    assert cli.main(['--version']) == 0
    assert capsys.readouterr().out.strip() == __version__


def test_a_misspelled_command_is_answered_with_near_ones(capsys):
    assert cli.main(['trian', 'x']) == 2
    assert 'did you mean: train' in capsys.readouterr().err


def test_a_command_gets_its_words_and_gives_its_status(capsys, monkeypatch):
    monkeypatch.setattr(sys, 'argv', ['mmirstd'])
    with pytest.raises(SystemExit) as stop:
        cli.main(['compare', '--help'])
    assert stop.value.code == 0
    shown = capsys.readouterr().out
    assert 'usage: mmirstd compare' in shown
    assert '\n  mmirstd test CONFIG a.pth --per-image a.json\n' in shown
    with pytest.raises(SystemExit) as stop:
        cli.main(['compare', '--no-such-option'])
    assert stop.value.code == 2
    with pytest.raises(SystemExit) as stop:
        cli.main(['compare', 'no-such-file.json'])
    assert stop.value.code == 2
    assert 'that `mmirstd test CONFIG CKPT --per-image FILE.json` wrote' in capsys.readouterr().err


@pytest.mark.parametrize('name', DOORS)
def test_every_script_is_the_door_of_its_command(name):
    source = (REPO / 'tools' / DOORS[name]).read_text(encoding='utf-8')
    assert f"run_command('{name}')" in source
    assert f'parents[{DOORS[name].count("/") + 1}]' in source
    assert len(ast.parse(source).body) <= 6, 'the code belongs to mmirstd/cli'


def test_there_are_no_other_scripts():
    assert {path.relative_to(REPO / 'tools').as_posix() for path in (REPO / 'tools').rglob('*.py')} == {*DOORS.values()}


def test_help_is_said_before_anything_heavy_is_imported():
    script = f"""
import contextlib, io, sys
from mmirstd.cli import main
import mmirstd.key_maps

for words in [[], *([name, '--help'] for name in {[*COMMANDS]!r})]:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            status = main(words)
        except SystemExit as end:
            status = end.code
    assert status == 0 and 'usage: mmirstd' in said.getvalue(), (words, status, said.getvalue())
    heavy = [name for name in {HEAVY!r} if name in sys.modules]
    assert not heavy, f'mmirstd {{" ".join(words)}} imports {{heavy}}'
"""
    done = subprocess.run([sys.executable, '-c', script], cwd=REPO, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_a_process_that_loads_says_so_and_a_call_from_python_does_not(monkeypatch):
    said = []
    monkeypatch.setattr('mmirstd.cli.dispatch.start_heartbeat', said.append)
    monkeypatch.setattr('mmirstd.cli.test.main', lambda argv: len(argv))
    monkeypatch.setattr(sys, 'argv', ['mmirstd', 'test', 'a', 'b'])
    assert cli.main(['test', 'c.py']) == 1
    assert not said
    assert cli.main() == 2
    monkeypatch.setattr(sys, 'argv', ['tools/test.py', 'a', 'b', 'c'])
    assert cli.run_command('test') == 3
    assert said == ['loading PyTorch and OpenMMLab'] * 2
