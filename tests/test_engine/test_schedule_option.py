from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from mmengine.config import Config

import mmirstd.registry  # noqa: F401
from mmirstd.cli.arguments import add_data_argument, add_schedule_argument, exchange_words
from mmirstd.engine.config_files import load_config
from mmirstd.engine.schedule_option import SCHEDULE_KEYS, find_schedule, schedules
from mmirstd.utils.errors import ConfigError
from tests.shared import REPO

BASE = REPO / 'configs' / '_base_'
CONFIG = f"""
_base_ = ['{BASE}/models/ggl-net-tiny.py', '{BASE}/datasets/nuaa-sirst-341-86.py', '{BASE}/default_runtime.py']
train_dataloader = dict(batch_size=3)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9), clip_grad=dict(max_norm=1))
param_scheduler = []
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=7, val_interval=7)
custom_hooks = [dict(type='EMAHook')]
load_from = 'start.pth'
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / 'net_b3-7e_nuaa-sirst-341-86.py'
    path.write_text(CONFIG)
    return path


@pytest.mark.parametrize('name', schedules())
def test_every_schedule_in_place_of_the_configs_own(config: Path, name: str) -> None:
    """Nothing of the old one is left, all else stays, and nothing is left behind."""
    before, cfg = load_config(str(config)).to_dict(), load_config(str(config), schedule=name).to_dict()
    schedule = Config.fromfile(schedules()[name]).to_dict()
    assert {key: cfg[key] for key in SCHEDULE_KEYS if key in cfg} == schedule
    assert (cfg.pop('work_dir'), cfg.pop('experiment_name')) == (
        f'work_dirs/net_{name}_nuaa-sirst-341-86',
        f'net_{name}_nuaa-sirst-341-86',
    )
    assert {key: value for key, value in cfg.items() if key not in SCHEDULE_KEYS} == {
        key: value for key, value in before.items() if key not in SCHEDULE_KEYS
    }
    assert load_config(str(config)).to_dict() == before


def test_with_another_data_set_and_options_which_come_last(config: Path) -> None:
    """Also those for variables, for which a config is evaluated again."""
    options = {'train_cfg.max_epochs': 2, 'crop_size': 64, 'experiment_name': 'mine'}
    cfg = load_config(str(config), options, data='sirst3', schedule='cpu_adamw-onecycle')
    assert (cfg.train_cfg.max_epochs, cfg.optim_wrapper.optimizer.type) == (2, 'AdamW')
    assert cfg.train_dataloader.dataset.pipeline[2].size == 64
    assert cfg.train_dataloader.dataset.data_root == 'data/SIRST3'
    assert (cfg.work_dir, cfg.experiment_name) == ('work_dirs/net_cpu_adamw-onecycle_sirst3', 'mine')


def test_a_config_that_inherits(config: Path) -> None:
    mine = config.parent / 'mine.py'
    mine.write_text(f"_base_ = './{config.name}'\ntrain_cfg = dict(max_epochs=9)\n")
    cfg = load_config(str(mine), schedule='acm_adagrad-300e')
    assert (cfg.train_cfg.max_epochs, cfg.train_dataloader.batch_size) == (300, 3)
    assert cfg.experiment_name == 'mine_acm_adagrad-300e'


def test_a_schedule_of_ones_own(config: Path) -> None:
    own = config.parent / 'own.py'
    own.write_text(f"_base_ = '{BASE}/schedules/cpu_adamw-onecycle.py'\ntrain_cfg = dict(max_epochs=3)\n")
    assert load_config(str(config), schedule=str(own)).train_cfg.max_epochs == 3
    own.write_text(own.read_text() + 'data_root = 3\n')
    with pytest.raises(ConfigError, match=r'own\.py also sets data_root'):
        load_config(str(config), schedule=str(own))


def test_what_cannot_be_exchanged(config: Path) -> None:
    with pytest.raises(ConfigError, match='did you mean: basicirstd_adam-400e'):
        find_schedule('basicirstd')
    with pytest.raises(ConfigError, match='has no optim_wrapper, train_cfg, so it is no schedule'):
        load_config(str(config), schedule='configs/_base_/default_runtime.py')
    with pytest.raises(ConfigError, match='nothing to train'):
        load_config('configs/lcm/lcm_nuaa-sirst-341-86.py', schedule='cpu_adamw-onecycle')


def test_words_of_a_further_command() -> None:
    parser = argparse.ArgumentParser()
    add_data_argument(parser)
    assert exchange_words(parser.parse_args(['--data', 'a'])) == ['--data', 'a']
    add_schedule_argument(parser)
    assert exchange_words(parser.parse_args(['--schedule', 's', '--data', 'a'])) == ['--data', 'a', '--schedule', 's']
    assert exchange_words(parser.parse_args([])) == []
