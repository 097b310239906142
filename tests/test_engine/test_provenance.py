from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from mmengine.config import Config

from mmirstd.engine.provenance import data_state, git_state


def git(root: Path, *args: str) -> None:
    subprocess.run(
        ['git', '-C', str(root), '-c', 'user.name=x', '-c', 'user.email=x@x', *args], check=True, capture_output=True
    )


def test_commit_and_changed_code(tmp_path: Path) -> None:
    config = tmp_path / 'configs' / 'a.py'
    assert git_state(tmp_path, config) == dict(commit=None, dirty=[])
    git(tmp_path, 'init')
    (tmp_path / 'tools').mkdir()
    config.parent.mkdir()
    for name in ('tools/train.py', 'tools/README.md', 'notes.txt'):
        (tmp_path / name).write_text('1')
    git(tmp_path, 'add', '.')
    git(tmp_path, 'commit', '-m', 'x')
    clean = git_state(tmp_path, config)
    assert len(clean['commit']) == 40
    assert clean['dirty'] == []
    for name in ('tools/train.py', 'tools/README.md', 'notes.txt', 'tools/new.py', 'configs/a.py'):
        (tmp_path / name).write_text('2')
    assert git_state(tmp_path, config)['dirty'] == ['configs/a.py', 'tools/train.py']


def test_the_commit_of_a_copy_without_git_can_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('MMIRSTD_COMMIT', 'a' * 40)
    assert git_state(tmp_path, tmp_path / 'a.py') == dict(commit='a' * 40, dirty=[])


def test_data(tmp_path: Path) -> None:
    (tmp_path / 'train.json').write_text('x')
    inner = dict(ann_file='train.json', data_root=str(tmp_path))
    cfg = Config(
        dict(
            train_dataloader=dict(dataset=dict(datasets=[inner])),
            test_dataloader=dict(dataset=dict(ann_file='none.json', data_root=str(tmp_path))),
        )
    )
    assert data_state(cfg) == {'train.json': '2d711642b726b044'}


def test_of_several_candidates_the_one_in_use(tmp_path: Path) -> None:
    (tmp_path / 'b.txt').write_text('x')
    (tmp_path / 'c.txt').write_text('y')
    dataset = dict(ann_file=['a.txt', 'b.txt', 'c.txt'], data_root=str(tmp_path))
    assert data_state(Config(dict(test_dataloader=dict(dataset=dataset)))) == {'b.txt': '2d711642b726b044'}


def test_lists_of_one_name_below_two_roots_are_both_known(tmp_path):
    for root, text in (('a', 'one'), ('b', 'two'), ('same', 'one')):
        (tmp_path / root).mkdir()
        (tmp_path / root / 'train.txt').write_text(text)
    members = [dict(data_root=str(tmp_path / root), ann_file='train.txt') for root in ('a', 'b', 'same')]
    found = data_state(Config(dict(train_dataloader=dict(dataset=dict(datasets=members)))))
    assert found.keys() == {'train.txt', 'b/train.txt'}
    assert found['train.txt'] != found['b/train.txt']
