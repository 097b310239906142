from __future__ import annotations

import argparse
import sys

import pytest
import torch

import mmirstd.registry  # noqa: F401
from mmirstd.engine import CheckpointError, ConfigError
from mmirstd.engine.distributed import init_distributed
from mmirstd.engine.launch import (
    OptionsAction,
    add_common_arguments,
    default_work_dir,
    file_sha256,
    find_checkpoint,
    find_config,
    load_config,
    newest_checkpoint,
    run_tool,
)
from tests.shared import REPO


def test_config_is_found_from_any_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_config('configs/_base_/default_runtime.py') == REPO / 'configs' / '_base_' / 'default_runtime.py'
    (tmp_path / 'mine.py').write_text('')
    assert find_config('mine.py') == tmp_path / 'mine.py'


def test_missing_config_lists_near_matches():
    with pytest.raises(ConfigError) as error:
        find_config('configs/_base_/default_runtme.py')
    assert 'configs/_base_/default_runtime.py' in str(error.value)


@pytest.mark.parametrize('text', ['model = dict(', 'x = undefined_name', "_base_ = ['./absent.py']",
                                  "custom_imports = dict(imports=['no_such_module_at_all'])"])
def test_unreadable_config(tmp_path, text):
    path = tmp_path / 'bad.py'
    path.write_text(text)
    with pytest.raises(ConfigError, match='bad.py: cannot be read'):
        load_config(str(path))


def test_option_for_an_entry_that_nothing_reads(tmp_path):
    path = tmp_path / 'c.py'
    path.write_text('train_cfg = dict(max_epochs=3)\n')
    assert load_config(str(path), {'train_cfg.max_epochs': 5, 'load_from': 'x'}).train_cfg.max_epochs == 5
    with pytest.raises(ConfigError, match='did you mean: train_cfg'):
        load_config(str(path), {'trian_cfg.max_epochs': 5})
    with pytest.raises(ConfigError, match='does not fit'):
        load_config(str(path), {'train_cfg.max_epochs.deeper': 5})


def parse(*argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_common_arguments(parser)
    return parser.parse_args(argv)


def test_options_may_be_repeated_and_are_checked(capsys):
    assert parse('--cfg-options', 'a.b=1', 'c=x', '--cfg-options', 'd=[1,2]').cfg_options == {
        'a.b': 1, 'c': 'x', 'd': [1, 2]}
    assert parse().cfg_options == {}
    with pytest.raises(SystemExit):
        parse('--cfg-options', 'no-value')
    assert "expected KEY=VALUE, found 'no-value'" in capsys.readouterr().err
    assert issubclass(OptionsAction, argparse.Action)


def test_work_dir_is_named_after_the_config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'net.py').write_text('')
    cfg = load_config('net.py')
    assert default_work_dir(cfg, None) == str(tmp_path / 'work_dirs' / 'net')
    assert default_work_dir(cfg, 'w') == str(tmp_path / 'w')


def test_missing_checkpoint_lists_those_in_its_folder(tmp_path):
    torch.save({}, tmp_path / 'epoch_12.pth')
    assert find_checkpoint(str(tmp_path / 'epoch_12.pth')) == str(tmp_path / 'epoch_12.pth')
    with pytest.raises(CheckpointError, match=r'does not exist[\s\S]*epoch_12.pth'):
        find_checkpoint(str(tmp_path / 'epoch_21.pth'))
    with pytest.raises(CheckpointError, match=r'is a folder[\s\S]*epoch_12.pth'):
        find_checkpoint(str(tmp_path))
    with pytest.raises(CheckpointError, match='does not exist either'):
        find_checkpoint(str(tmp_path / 'no' / 'epoch_21.pth'))
    assert find_checkpoint('https://example.org/x.pth') == 'https://example.org/x.pth'


def test_damaged_checkpoint_files(tmp_path):
    whole = tmp_path / 'whole.pth'
    torch.save({'state_dict': {'w': torch.rand(64, 64)}}, whole)
    cut = tmp_path / 'cut.pth'
    cut.write_bytes(whole.read_bytes()[:-500])
    with pytest.raises(CheckpointError, match=f'is cut off after {cut.stat().st_size} bytes'):
        find_checkpoint(str(cut))
    for content in (b'', b'<html>not found</html>'):
        cut.write_bytes(content)
        with pytest.raises(CheckpointError, match='is no PyTorch checkpoint'):
            find_checkpoint(str(cut))


def test_newest_checkpoint(tmp_path):
    with pytest.raises(CheckpointError, match='does not exist'):
        newest_checkpoint(str(tmp_path / 'absent'))
    with pytest.raises(CheckpointError, match='holds no checkpoint'):
        newest_checkpoint(str(tmp_path))
    for epoch in (2, 10):
        (tmp_path / f'epoch_{epoch}.pth').touch()
    (tmp_path / 'best_IoU_epoch_99.pth').touch()
    assert newest_checkpoint(str(tmp_path)) == str(tmp_path / 'epoch_10.pth')
    (tmp_path / 'last_checkpoint').write_text('/moved/away/epoch_2.pth')
    assert newest_checkpoint(str(tmp_path)) == str(tmp_path / 'epoch_2.pth')
    (tmp_path / 'last_checkpoint').write_text('/moved/away/epoch_3.pth')
    assert newest_checkpoint(str(tmp_path)) == str(tmp_path / 'epoch_10.pth')


def test_sha256(tmp_path):
    (tmp_path / 'f').write_bytes(b'abc')
    assert file_sha256(str(tmp_path / 'f')) == 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'


def test_input_errors_end_a_tool_with_their_message_alone(capsys, monkeypatch):
    def main() -> None:
        raise ConfigError('what and why')
    monkeypatch.setattr(sys, 'argv', ['tool'])
    with pytest.raises(SystemExit) as end:
        run_tool(main)
    assert end.value.code == 2
    assert capsys.readouterr().err == '\nerror: what and why\n'
    monkeypatch.setattr(sys, 'argv', ['tool', '--traceback'])
    with pytest.raises(ConfigError):
        run_tool(main)


def test_launcher_without_its_environment(monkeypatch):
    for name in ('RANK', 'WORLD_SIZE', 'LOCAL_RANK'):
        monkeypatch.delenv(name, raising=False)
    init_distributed('none')
    with pytest.raises(ConfigError, match='RANK, WORLD_SIZE, LOCAL_RANK'):
        init_distributed('pytorch')
