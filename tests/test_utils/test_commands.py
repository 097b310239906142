"""Whoever came by a script reads the names of scripts, whoever came by the console command that of commands."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from mmirstd.utils.commands import command_line, program_name, python_path, python_program, this_command
from tests.shared import REPO


@pytest.mark.parametrize(
    ('typed', 'folder', 'expected'),
    [
        ('tools/train.py', REPO, 'python tools/test.py'),
        (f'{REPO}/tools/train.py', '/', f'python {REPO}/tools/test.py'),
        (f'../{REPO.name}/tools/train.py', REPO, f'python ../{REPO.name}/tools/test.py'),
        ('tools/analysis_tools/zoo.py', REPO, 'python tools/test.py'),
        ('train.py', REPO / 'tools', 'python test.py'),
        ('analysis_tools/zoo.py', REPO / 'tools', 'python test.py'),
        # From here the folder cannot be named by what was typed.
        ('zoo.py', REPO / 'tools' / 'analysis_tools', f'python {REPO}/tools/test.py'),
        ('/venv/bin/mmirstd', '/', 'mmirstd test'),
        (str(REPO / 'mmirstd' / 'cli' / '__main__.py'), '/', 'mmirstd test'),
        # mmdet's own tool, and a program of the user's
        ('/mmdetection/tools/train.py', '/', 'mmirstd test'),
        ('my_program.py', '/', 'mmirstd test'),
        ('', '/', 'mmirstd test'),
    ],
)
def test_another_command_is_named_as_the_user_types_it(typed, folder, expected, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, 'argv', [typed, 'x'])
    assert command_line('test') == expected
    assert command_line('test', 'a b.py', Path('c')) == f"{expected} 'a b.py' c"
    # A command without a script has one name.
    assert command_line('doctor') == 'mmirstd doctor'


def test_the_usage_line_and_the_same_command_again(monkeypatch):
    monkeypatch.chdir(REPO)
    monkeypatch.setattr(sys, 'argv', ['tools/train.py', 'c.py', '--seed', '1'])
    assert program_name('train') == 'train.py'
    assert shlex.join(this_command()) == 'python tools/train.py c.py --seed 1'
    assert this_command('--resume') == ['python', 'tools/train.py', '--resume']
    monkeypatch.setattr(sys, 'argv', ['/venv/bin/mmirstd', 'train', 'c.py'])
    assert program_name('train') == 'mmirstd train'
    assert this_command() == ['mmirstd', 'train', 'c.py']


def test_the_path_of_child_processes_names_this_mmirstd_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('PYTHONPATH', os.pathsep.join(['/a', str(REPO), '/b']))
    assert python_path().split(os.pathsep) == [str(REPO), '/a', '/b']
    monkeypatch.delenv('PYTHONPATH')
    assert python_path() == str(REPO)
    done = subprocess.run([*python_program(), '--version'], env=dict(os.environ, PYTHONPATH=python_path()), cwd='/')
    assert done.returncode == 0
