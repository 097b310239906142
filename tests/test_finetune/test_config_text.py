from __future__ import annotations

from pathlib import Path

import pytest
from mmengine.config import Config

import mmirstd.registry  # noqa: F401  the scopes of bases
from mmirstd.engine.config_names import config_of_name, runnable_configs
from mmirstd.engine.data_option import base_part
from mmirstd.finetune import choose_recipe, clip_config_text, config_text, model_changes
from mmirstd.utils.errors import ConfigError
from tests.shared import REPO

SINGLE = {
    name: path
    for name, path in runnable_configs().items()
    if path.parent.name not in ('bp_fpn', 'yolox', 'yolo_bp', 'sstnet')
}


@pytest.mark.parametrize('name', sorted(SINGLE))
def test_the_changes_make_the_network_of_the_config(name: str) -> None:
    part = base_part(SINGLE[name], 'models')
    model = Config(dict(model={})) if part is None else Config.fromfile(str(part))
    model.merge_from_dict({'model': model_changes(SINGLE[name], part)})
    assert model.model == Config.fromfile(str(SINGLE[name])).model


def test_the_text_is_a_config(tmp_path: Path) -> None:
    base, recipe = config_of_name('ggl-net-tiny_general'), choose_recipe(30, trained=True)
    text = config_text(base, 'weights.pth', tmp_path, 'ir', 'gt', recipe, loading=dict(bit_depth=14), command='x -o y')
    (tmp_path / 'config.py').write_text(text)
    cfg = Config.fromfile(str(tmp_path / 'config.py'))
    assert cfg.model == Config.fromfile(str(base)).model
    assert cfg.bit_depth == 14
    assert cfg.load_from == 'weights.pth'
    assert cfg.optim_wrapper.optimizer.lr == cfg.param_scheduler[0].eta_max == recipe.lr
    assert (cfg.train_cfg.max_epochs, cfg.train_dataloader.batch_size) == (recipe.epochs, recipe.batch_size)
    for part in ('train', 'val', 'test'):
        dataset = cfg[f'{part}_dataloader'].dataset
        assert dataset.ann_file == f'{tmp_path}/{part}.txt'
        assert dataset.data_root == str(tmp_path)
        assert dataset.data_prefix == dict(img_path='ir', seg_map_path='gt')
    assert max(map(len, text.splitlines())) <= 120


DETECTORS = {
    name: path for name, path in runnable_configs().items() if path.parent.name in ('yolox', 'yolo_bp', 'sstnet')
}


@pytest.mark.parametrize('name', sorted(DETECTORS))
def test_the_text_is_a_config_of_a_detector(name: str, tmp_path: Path) -> None:
    recipe = choose_recipe(200, trained=False, clips=True)
    text = clip_config_text(DETECTORS[name], None, tmp_path, 3, recipe, loading=dict(bit_depth=14), command='x -o y')
    (tmp_path / 'config.py').write_text(text)
    cfg = Config.fromfile(str(tmp_path / 'config.py'))
    assert cfg.model == Config.fromfile(str(DETECTORS[name])).model
    assert cfg.default_scope == 'mmdet'
    assert cfg.default_hooks.checkpoint.save_best == 'mAP50'
    for part in ('train', 'val', 'test'):
        dataset = cfg[f'{part}_dataloader'].dataset
        assert (dataset.ann_file, dataset.num_frames) == (f'{tmp_path}/{part}.json', 3)
        assert dataset.data_root == str(tmp_path)
    assert cfg.bit_depth == 14


def test_a_config_with_all_of_its_network(tmp_path: Path) -> None:
    """No base has a part of it; without a network there is nothing to train."""
    own, recipe = tmp_path / 'own.py', choose_recipe(30, trained=False)
    own.write_text('model = dict(type="EncoderDecoder", backbone=dict(type="UNet", in_channels=1))\n')
    (tmp_path / 'config.py').write_text(config_text(own, None, tmp_path, 'a', 'b', recipe))
    assert Config.fromfile(str(tmp_path / 'config.py')).model == Config.fromfile(str(own)).model
    own.write_text('train_cfg = dict(max_epochs=3)\n')
    with pytest.raises(ConfigError, match='own.py: has no model'):
        config_text(own, None, REPO, 'a', 'b', recipe)


def test_the_network_is_called_by_its_name(tmp_path: Path) -> None:
    recipe = choose_recipe(30, trained=False)
    for config, name in (('mshnet_b4-400e_irstd-1k-800-201', 'mshnet'), ('ggl-net-tiny_general', 'ggl-net-tiny')):
        text = config_text(config_of_name(config), None, tmp_path, 'a', 'b', recipe)
        assert text.startswith(f'# {name} on images of your own.')
