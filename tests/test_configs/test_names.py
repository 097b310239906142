"""Names tell the truth; old ones lead to the new ones."""

from __future__ import annotations

import re

import pytest
import yaml
from mmengine.config import DictAction

from mmirstd.apis.model_loading import find_model_config
from mmirstd.engine.config_files import load_config
from mmirstd.engine.config_names import config_of_name, find_config, new_name, renamed, runnable_configs, short_names
from mmirstd.engine.data_option import data_set_of, data_sets
from mmirstd.engine.schedule_option import schedules
from mmirstd.utils.errors import ConfigError
from tests.shared import REPO

from .configs import CONFIGS, load

RECIPE = re.compile(r'(?:(?P<word>cpu|pretrained|recipe)-)?b(?P<batch>\d+)-(?P<epochs>\d+)e')
OLD = yaml.safe_load((REPO / 'configs' / 'old_names.yml').read_text(encoding='utf-8'))


@pytest.mark.parametrize('name', CONFIGS)
def test_network_recipe_and_data_set(name: str) -> None:
    """``{network}_{recipe}_{data set}``; a method that learns nothing has no recipe."""
    cfg, (_, *recipe, data) = load(name), name.split('_')
    assert data == data_set_of(CONFIGS[name]).stem
    if not cfg.get('train_cfg'):
        assert recipe == []
        return
    found = RECIPE.fullmatch(*recipe)
    assert int(found['batch']) == cfg.train_dataloader.batch_size
    assert int(found['epochs']) == cfg.train_cfg.max_epochs
    ours = cfg.optim_wrapper.type == 'mmirstd.AutocastOptimWrapper'
    assert ours == (found['word'] is not None)
    assert bool(cfg.load_from) == (found['word'] == 'pretrained')


def test_names_are_distinct() -> None:
    files = [path for path in (REPO / 'configs').glob('*/*.py') if path.parent.name != '_base_']
    assert len(runnable_configs()) == len(files)
    names = [name for name, _ in short_names()]
    assert len(set(names)) == len(names)


def test_a_name_of_a_model_is_never_that_of_another_config() -> None:
    """Now or in an earlier version: a command of then must not do something else now."""
    for name, path in short_names():
        assert CONFIGS.get(name, path) == path or name in runnable_configs()
        if (old := new_name(name)) is not None:
            assert (REPO / old.config, old.data) == (path, None)


@pytest.mark.parametrize('old', OLD)
def test_what_an_old_name_leads_to(old: str) -> None:
    new = new_name(old)
    assert (REPO / new.config).is_file()
    assert old not in runnable_configs()
    assert new.data is None or new.data in data_sets()
    assert new.schedule is None or new.schedule in schedules()
    words = str(new).split()
    options = words[words.index('--cfg-options') + 1 :] if '--cfg-options' in words else []
    given = {key: DictAction._parse_iterable(value) for key, value in (option.split('=') for option in options)}
    assert given == dict(new.cfg_options)  # the command line gives what the table says
    if given:
        cfg = load_config(new.config, given, new.data, new.schedule)
        for key, value in given.items():
            entry = cfg
            for part in key.split('.'):
                entry = entry[part]
            assert entry == value


def test_errors_name_the_new_command(tmp_path) -> None:
    new = 'configs/dnanet/dnanet_b16-1500e_nuaa-sirst-341-86.py --data irstd-1k-800-201'
    for find in (find_config, find_model_config):
        with pytest.raises(ConfigError, match=f'cure: {re.escape(new)}$'):
            find('configs/dnanet/dnanet_irstd-1k-800-201.py')
    with pytest.raises(ConfigError, match=f'cure: {re.escape(new)}$'):
        find_model_config('dnanet_irstd-1k-800-201')
    mine = tmp_path / 'mine.py'
    mine.write_text(f"_base_ = '{REPO}/configs/dnanet/dnanet_irstd-1k-800-201.py'\n")
    with pytest.raises(ConfigError, match=f'cure: {re.escape(new)}$'):
        load_config(str(mine))
    assert renamed('configs/dnanet/dnanet_nudt.py') == ''
    mine.write_text("_base_ = ['mmirstd::_base_/models/mshnet.py', 'mmirstd::_base_/datasets/sirst3.py']\n")
    with pytest.raises(
        ConfigError, match='mshnet stands in its config now.\n  cure: inherit from configs/mshnet/mshnet_'
    ):
        load_config(str(mine))
    mine.write_text("_base_ = 'mmirstd::_base_/models/yolox_single-frame.py'\n")
    with pytest.raises(ConfigError, match='cure: configs/_base_/models/yolox.py$'):
        load_config(str(mine))
    assert str(new_name('sstnet-dgr_daub')) == (
        'configs/yolo_bp/yolo-bp_b4-20e_daub.py --cfg-options model.neck.dgr.form=feature model.neck.gils=None '
        'model.backbone.out_indices=2,3,4'
    )


def test_a_model_by_its_short_name() -> None:
    assert config_of_name('ggl-net-tiny_general').stem == 'ggl-net-tiny_pretrained-b8-10e_nuaa-nudt-synthetic'
    assert config_of_name('white-tophat').stem == 'white-tophat_nuaa-sirst-341-86'
    with pytest.raises(ConfigError, match='did you mean: ggl-net-tiny_general'):
        config_of_name('ggl-net-tiny_genral')
