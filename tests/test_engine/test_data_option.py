from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from mmengine.config import Config

import mmirstd.registry  # noqa: F401
from mmirstd.cli.arguments import add_data_argument
from mmirstd.engine.config_files import load_config, load_data_set
from mmirstd.engine.data_option import data_set_of, data_sets, find_data_set
from mmirstd.engine.launch import default_work_dir
from mmirstd.utils.errors import ConfigError
from tests.shared import REPO

BASE = REPO / 'configs' / '_base_'
CONFIG = f"""
_base_ = ['{BASE}/datasets/nuaa-sirst-341-86.py', '{BASE}/default_runtime.py']
train_pipeline = [*_base_.train_pipeline[:3], dict(type='mmirstd.TargetCopyPaste'), *_base_.train_pipeline[3:]]
train_dataloader = dict(batch_size=3, dataset=dict(pipeline=train_pipeline, cache=True))
train_cfg = dict(max_epochs=7)
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / 'net_b3-7e_nuaa-sirst-341-86.py'
    path.write_text(CONFIG)
    return path


def test_names_and_files() -> None:
    names = data_sets()
    assert {'nuaa-sirst-341-86', 'sirst-aug', 'drone-ir', 'synthetic-sequences'} <= set(names)
    assert not [name for name in names if '_' in name]  # they are one field of a config's name
    assert find_data_set('sirst3') == BASE / 'datasets' / 'sirst3.py'
    assert find_data_set('configs/_base_/datasets/sirst3.py') == BASE / 'datasets' / 'sirst3.py'


def test_an_unknown_name_lists_all_the_similar_first() -> None:
    with pytest.raises(ConfigError) as error:
        find_data_set('nudt-sirst')
    listed = str(error.value).split('there are: ')[1].splitlines()[0].split(', ')
    assert listed[0] == 'nudt-sirst-663-664'
    assert set(listed) == set(data_sets())


def test_the_data_set_of_a_config_is_found_through_its_bases(config: Path) -> None:
    (config.parent / 'inherits.py').write_text(f"_base_ = './{config.name}'\n")
    assert data_set_of(config.parent / 'inherits.py') == BASE / 'datasets' / 'nuaa-sirst-341-86.py'
    assert data_set_of(BASE / 'default_runtime.py') is None


def test_what_the_config_says_stays_and_the_data_set_is_new(config: Path) -> None:
    cfg = load_config(str(config), data='synthetic')
    new = Config.fromfile(BASE / 'datasets' / 'synthetic.py')
    dataset = cfg.train_dataloader.dataset
    assert cfg.train_dataloader.batch_size == 3
    assert dataset.cache is True
    assert [step.type.removeprefix('mmirstd.') for step in dataset.pipeline[:4]] == [
        'LoadInfraredImage',
        'LoadTargetMask',
        'TargetAwareCrop',
        'TargetCopyPaste',
    ]
    assert dataset.pipeline[0].bit_depth == 14
    assert cfg.train_pipeline == dataset.pipeline
    assert dataset.ann_file == new.train_dataloader.dataset.ann_file
    assert 'holdout' not in dataset
    assert 'trainval' not in cfg
    assert (cfg.val_dataloader, cfg.test_dataloader) == (new.val_dataloader, new.test_dataloader)
    assert cfg.train_cfg.max_epochs == 7
    assert load_config(str(config)).train_dataloader.dataset.ann_file != dataset.ann_file  # nothing is left behind


def test_its_own_data_set_changes_nothing_but_the_name(config: Path) -> None:
    before, after = load_config(str(config)).to_dict(), load_config(str(config), data='nuaa-sirst-341-86').to_dict()
    assert (after.pop('work_dir'), after.pop('experiment_name')) == (f'work_dirs/{config.stem}', config.stem)
    assert after == before


@pytest.mark.parametrize(
    ('options', 'work_dir', 'experiment'),
    [
        ('', 'work_dirs/net_b3-7e_sirst3', 'net_b3-7e_sirst3'),
        ("work_dir = 'runs'; experiment_name = 'mine'\n", 'runs_sirst3', 'mine_sirst3'),
    ],
)
def test_the_run_is_called_by_its_data_set(config: Path, monkeypatch, options, work_dir, experiment) -> None:
    monkeypatch.chdir(config.parent)
    config.write_text(CONFIG + options)
    cfg = load_config(str(config), data='sirst3')
    assert default_work_dir(cfg, None) == str(config.parent / work_dir)
    assert cfg.experiment_name == experiment
    assert default_work_dir(cfg, 'own') == str(config.parent / 'own')


def test_options_come_last(config: Path) -> None:
    """Also those for variables, for which a config is evaluated again."""
    cfg = load_config(
        str(config),
        {'data_root': '/here', 'crop_size': 64, 'train_cfg.max_epochs': 2, 'work_dir': 'w'},
        data='nudt-sirst-663-664',
    )
    assert cfg.train_dataloader.dataset.data_root == cfg.test_dataloader.dataset.data_root == '/here'
    assert cfg.train_dataloader.dataset.ann_file[0] == 'img_idx/train_NUDT-SIRST.txt'
    assert cfg.train_pipeline[2].size == 64
    assert (cfg.train_cfg.max_epochs, cfg.work_dir) == (2, 'w')


@pytest.mark.parametrize('location', ["data_root='/mine'", "ann_file='mine.txt'"])
def test_a_config_with_files_of_its_own_is_not_mixed_with_another_data_set(config: Path, location: str) -> None:
    config.write_text(CONFIG.replace('cache=True', location))
    with pytest.raises(ConfigError, match=f'the config sets train_dataloader.dataset.{location.split("=")[0]}, and'):
        load_config(str(config), data='nudt-sirst-663-664')


def test_a_data_set_of_ones_own_by_its_path(config: Path, monkeypatch) -> None:
    monkeypatch.chdir(config.parent)
    (config.parent / 'field.py').write_text(
        f"_base_ = '{BASE}/datasets/nuaa-sirst-341-86.py'\n"
        + ''.join(
            f"{split}_dataloader = dict(dataset=dict(data_root='/field'))\n" for split in ('train', 'val', 'test')
        )
    )
    cfg = load_config(str(config), data='field.py')
    assert cfg.test_dataloader.dataset.data_root == '/field'
    assert cfg.experiment_name == 'net_b3-7e_field'
    assert load_data_set(str(config), 'train', data='./field.py')['data_root'] == '/field'


def test_masks_and_clips_do_not_mix(config: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load_config(str(config), data='drone-ir')
    assert 'has clips with boxes, this config is for images with masks' in str(error.value)
    fitting = str(error.value).split('these fit: ')[1].split(', ')
    assert 'nudt-sirst-663-664' in fitting
    assert 'daub' not in fitting


def test_changes_that_do_not_fit_are_named(config: Path) -> None:
    """The mixture has pipelines of its own for each part, so that there is no place for the config's."""
    with pytest.raises(
        ConfigError,
        match=r'the config sets train_dataloader\.dataset\.pipeline, .*'
        r'train_dataloader\.dataset\.cache, and the new data set is made of several',
    ):
        load_config(str(config), data='nuaa-nudt-synthetic')


@pytest.mark.parametrize(
    ('base', 'data', 'message'),
    [
        (f"_base_ = '{BASE}/default_runtime.py'", 'sirst3', 'none of its bases is a data set'),
        (CONFIG, 'configs/_base_/default_runtime.py', 'has no train_dataloader, .*so it is no data set'),
        (CONFIG, './absent.py', 'there is no such data set'),
        (CONFIG, 'bad.py', 'bad.py: cannot be read: SyntaxError'),
    ],
)
def test_errors(config: Path, monkeypatch, base: str, data: str, message: str) -> None:
    monkeypatch.chdir(config.parent)
    config.write_text(base)
    Path('bad.py').write_text('data = dict(')
    with pytest.raises(ConfigError, match=message):
        load_config(str(config), data=data)


def test_argument() -> None:
    parser = argparse.ArgumentParser()
    add_data_argument(parser)
    assert parser.parse_args([]).data is None
    assert parser.parse_args(['--data', 'sirst3']).data == 'sirst3'


def test_a_data_set_of_ones_own_class_brings_its_module_and_a_metric(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / 'own_data_option_parts.py').write_text(
        'from mmseg.registry import DATASETS\nfrom mmirstd.datasets import SIRSTDataset\n\n\n'
        '@DATASETS.register_module(force=True)\nclass OwnDataOptionSet(SIRSTDataset):\n    pass\n'
    )
    own = tmp_path / 'own.py'
    own.write_text(
        f"_base_ = ['{BASE}/datasets/synthetic.py']\n"
        "custom_imports = dict(imports=['own_data_option_parts'])\n"
        "train_dataloader = dict(dataset=dict(type='OwnDataOptionSet'))\n"
        "test_evaluator = [dict(type='mmirstd.IRSTDMetric'), dict(type='OwnMetric')]\n"
    )
    cfg = load_config(str(config), data=str(own))
    assert cfg.train_dataloader.dataset.type == 'OwnDataOptionSet'
    assert cfg.custom_imports.imports == ['mmirstd.registry', 'own_data_option_parts']
    assert cfg.test_evaluator[1].type == 'OwnMetric'
    assert load_config(str(config)).custom_imports.imports == ['mmirstd.registry']  # nothing is left behind


def test_one_key_in_two_bases_has_a_cure(config: Path) -> None:
    own = config.parent / 'own.py'
    own.write_text("custom_imports = dict(imports=['json'])\n")
    config.write_text(CONFIG.replace('_base_ = [', "_base_ = ['./own.py', ", 1))
    with pytest.raises(ConfigError, match="cure: keep 'custom_imports' in one of the bases"):
        load_config(str(config))
