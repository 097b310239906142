from __future__ import annotations

import argparse
import sys

import pytest
from mmengine.config import Config

import mmirstd.registry  # noqa: F401
from mmirstd.cli.arguments import OptionsAction, add_common_arguments
from mmirstd.cli.running import run_tool
from mmirstd.compat.precision import Precision
from mmirstd.engine import launch
from mmirstd.engine.config_files import load_config
from mmirstd.engine.config_names import find_config
from mmirstd.engine.distributed import init_distributed
from mmirstd.engine.launch import default_work_dir
from mmirstd.utils.errors import ConfigError
from tests.shared import REPO


def test_config_is_found_from_any_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_config('configs/_base_/default_runtime.py') == REPO / 'configs' / '_base_' / 'default_runtime.py'
    (tmp_path / 'mine.py').write_text('')
    assert find_config('mine.py') == tmp_path / 'mine.py'


def test_checkpoint_where_the_config_belongs(tmp_path):
    with pytest.raises(ConfigError, match='CONFIG CKPT'):
        find_config('epoch_3.pth.tar')
    with pytest.raises(ConfigError, match='CONFIG CKPT'):
        load_config('epoch_3.pth.tar')


def test_missing_config_lists_near_matches():
    with pytest.raises(ConfigError) as error:
        find_config('configs/_base_/default_runtme.py')
    assert 'configs/_base_/default_runtime.py' in str(error.value)


@pytest.mark.parametrize(
    'text',
    [
        'model = dict(',
        'x = undefined_name',
        "_base_ = ['./absent.py']",
        "custom_imports = dict(imports=['no_such_module_at_all'])",
    ],
)
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
        'a.b': 1,
        'c': 'x',
        'd': [1, 2],
    }
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


@pytest.mark.parametrize(
    ('device', 'best', 'noted'), [('cpu', 'float32', ['test_cfg']), ('cpu', 'bfloat16', []), ('cuda', 'float16', [])]
)
def test_an_evaluation_in_emulated_bfloat16_is_said(monkeypatch, device, best, noted):
    monkeypatch.setattr(launch, 'get_device', lambda: device)
    monkeypatch.setattr(launch, 'choose_precision', lambda device: Precision(best, 'the test says so'))
    notes = launch._emulated_evaluation(Config(dict(val_cfg=dict(fp16=False), test_cfg=dict(fp16=True))))
    assert [note.split('.')[0] for note in notes] == noted
    assert all('the test says so' in note and 'slower' in note for note in notes)
    assert not launch._emulated_evaluation(Config(dict(val_cfg=None)))


def test_the_name_of_a_config_of_ours_is_enough() -> None:
    cfg = load_config('white-tophat_nuaa-sirst-341-86')
    assert cfg.filename == str(REPO / 'configs/white_tophat/white-tophat_nuaa-sirst-341-86.py')
    with pytest.raises(ConfigError, match='did you mean: white-tophat_nuaa-sirst-341-86'):
        load_config('white-tophat_nuaa-sirst-341-8')
