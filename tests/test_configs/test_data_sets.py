"""Every config on every data set of its kind: what ``--data`` composes is complete and can be built."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config
from mmengine.registry import METRICS, init_default_scope

import mmirstd.registry  # noqa: F401
from mmirstd.engine import data_option
from mmirstd.engine.config_files import load_config
from mmirstd.engine.data_option import data_set_of, data_sets, ground_truth
from mmirstd.registry import DATASETS
from mmirstd.utils.errors import ConfigError

from .configs import CONFIGS, load, relative

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
#: What has options of its own for each of its parts takes no config that changes the pipeline or sets points.
MIXTURES = {'nuaa-nudt-synthetic', 'nuaa-nudt-drone-ir-synthetic', 'drone-ir-synthetic'}
OWN_OPTIONS = {
    'ggl-net-tiny_cpu-b8-20e_synthetic',
    'ggl-net-tiny_pretrained-b8-70e_nuaa-sirst-341-86',
    'ggl-net_recipe-b8-200e_nuaa-sirst-341-86',
    'resunet-lesps_cpu-b8-40e_nuaa-sirst-341-86',
    'resunet-pal_cpu-b8-40e_nuaa-sirst-341-86',
    'tdcnet_b4-20e_irdst',
}


@cache
def data_set(name: str) -> dict[str, Any]:
    return Config.fromfile(data_sets()[name]).to_dict()


def fitting(name: str) -> list[str]:
    kind = ground_truth(load(name))
    return [data for data in data_sets() if ground_truth(data_set(data)) == kind]


def parts(dataset: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The data sets under any wrappers."""
    if 'pipeline' in dataset:
        yield dataset
    for part in dataset.get('datasets', [dataset['dataset']] if 'dataset' in dataset else []):
        yield from parts(part)


def build(dataset: dict[str, Any]) -> None:
    """Build a data set with its pipeline, without reading a file."""
    dataset = deepcopy(dataset)
    for part in (dataset, *parts(dataset)):
        part['lazy_init'] = True
    for holder in [dataset, *dataset.get('datasets', [])]:
        if 'dataset' in holder:
            holder['lazy_init'] = True
    DATASETS.build(dataset)


@pytest.fixture(autouse=True)
def read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_option, '_read', lambda path: data_set(path.stem))


@pytest.mark.parametrize('name', CONFIGS)
def test_every_data_set_of_its_kind(name: str) -> None:
    before, path = load(name), relative(CONFIGS[name])
    init_default_scope(before.default_scope)
    built: list[dict] = []
    for data in fitting(name):
        if data in MIXTURES and name in OWN_OPTIONS:
            with pytest.raises(ConfigError, match=r'the config sets train_dataloader\.dataset\.(pipeline|points)'):
                load_config(path, data=data)
            continue
        cfg, new = load_config(path, data=data), data_set(data)
        # What is the recipe's stays, what says where the data are is new.
        for key in ('model', 'train_cfg', 'optim_wrapper', 'param_scheduler', 'load_from', 'custom_hooks'):
            assert cfg.get(key) == before.get(key), (data, key)
        if cfg.get('train_cfg'):
            assert cfg.train_dataloader.batch_size == before.train_dataloader.batch_size, data
        assert Path(cfg.work_dir).name == cfg.experiment_name
        assert cfg.experiment_name.endswith(f'_{data}')
        for loader in LOADERS:
            dataset = cfg.to_dict()[loader]['dataset']
            for key in ('type', 'data_root', 'ann_file', 'data_prefix'):
                assert dataset.get(key) == new[loader]['dataset'].get(key), (data, loader, key)
            for part in parts(dataset):
                assert part['pipeline'][0]['type'] in ('mmirstd.LoadInfraredImage', 'mmirstd.LoadClip')
                if 'num_frames' in cfg.model:
                    frames = part.get('num_frames', dataset.get('num_frames'))
                    assert frames in ({cfg.model.num_frames} if not part.get('streaming') else {1})
            if dataset not in built:
                build(dataset)
                built.append(dataset)
        METRICS.build(cfg.test_evaluator)
    assert cfg.model.get('backbone', {}).get('in_channels', 1) == 1  # both loaders give one channel


@pytest.mark.parametrize('name', CONFIGS)
def test_its_own_data_set_changes_nothing(name: str) -> None:
    own = data_set_of(CONFIGS[name]).stem
    cfg = load_config(relative(CONFIGS[name]), data=own).to_dict()
    assert (cfg.pop('experiment_name'), cfg.pop('work_dir')) == (name, f'work_dirs/{name}')
    assert cfg == load(name).to_dict()


def test_the_same_recipe_is_the_same_on_any_data_set() -> None:
    """Of two configs whose names differ in the data set alone, each is the other by --data."""
    by_recipe: dict[str, list[str]] = {}
    for name in CONFIGS:
        by_recipe.setdefault(name.rpartition('_')[0], []).append(name)
    pairs = [(first, second) for names in by_recipe.values() for first in names for second in names if first != second]
    assert pairs
    for first, second in pairs:
        cfg = load_config(relative(CONFIGS[first]), data=second.rpartition('_')[2]).to_dict()
        assert {key: value for key, value in cfg.items() if key not in ('experiment_name', 'work_dir')} == load(
            second
        ).to_dict()


def test_all_kinds_of_ground_truth_are_covered() -> None:
    assert {len(fitting(name)) for name in CONFIGS} == {
        sum(ground_truth(data_set(data)) == kind for data in data_sets())
        for kind in ('images with masks', 'clips with boxes', 'clips with masks')
    }
