"""Options for a config's variables take effect or are refused; all variables of all configs."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config
from mmengine.config import config as mmengine_config
from mmengine.config.utils import RemoveAssignFromAST

from mmirstd.engine.config_files import load_config
from mmirstd.engine.config_variables import keys_read
from mmirstd.utils.errors import ConfigError
from tests.shared import REPO

READ = keys_read()
NUAA = REPO / 'configs/ggl_net/ggl-net-tiny_pretrained-b8-70e_nuaa-sirst-341-86.py'


def chain(path: Path) -> list[tuple[Path, set[str]]]:
    """The files of a config in the order of evaluation, and the variables that each assigns."""
    files, names = [], set()
    for node in ast.parse(path.read_text()).body:
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            continue
        names.add(node.targets[0].id)
        if node.targets[0].id == '_base_':
            bases = ast.literal_eval(node.value)
            for base in [bases] if isinstance(bases, str) else bases:
                files += chain((path.parent / base).resolve()) if '::' not in base else []
    return [*files, (path, names - READ - {'_base_'})]


def variables() -> list[Any]:
    """Each variable once for each set of files that assign it, with the first config that has it so."""
    found: dict[tuple, Path] = {}
    for path in sorted((REPO / 'configs').rglob('*.py')):
        if '_base_' not in path.parts:
            files = chain(path)
            for name in set().union(*(names for _, names in files)):
                found.setdefault((name, *(file for file, names in files if name in names)), path)
    return [
        pytest.param(path, key[0], id=f'{key[0]}-{"+".join(file.stem for file in key[1:])}')
        for key, path in sorted(found.items(), key=str)
    ]


def changed(name: str, value: Any) -> dict[str, Any]:
    """An option that gives a variable another value."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return {f'{name}.0.another': 1}
    if isinstance(value, dict):
        return {f'{name}.another': 1}
    return {name: value * 2 if isinstance(value, (int, float)) and value else ['another']}


def part_read(cfg: Config) -> dict[str, Any]:
    return {key: value for key, value in cfg.to_dict().items() if key in READ}


@pytest.mark.parametrize(('path', 'name'), variables())
def test_every_variable_of_every_config(path: Path, name: str) -> None:
    before = load_config(str(path))
    option = changed(name, before.to_dict()[name])
    try:
        after = load_config(str(path), option)
    except ConfigError as error:
        message = str(error)
        assert f'depends on {name!r}' in message
        for key in message.split('cure: ')[1].split(' or ') if '=VALUE' in message else ():
            assert part_read(load_config(str(path), {key.removesuffix('=VALUE'): ['another']})) != part_read(before)
    else:
        assert part_read(after) != part_read(before)


def pipelines(cfg: Config) -> dict[str, list]:
    return {split: cfg[f'{split}_dataloader'].dataset.pipeline for split in ('train', 'val', 'test')}


def test_where_they_take_effect() -> None:
    cut, base = (pipelines(load_config(str(NUAA), options)) for options in ({'crop_size': 128}, {}))
    assert (cut['train'][2].size, base['train'][2].size) == (128, 256)
    bits = pipelines(load_config(str(NUAA), {'train_pipeline.0.bit_depth': 14, 'train_cfg.max_epochs': 3}))
    assert bits['train'][0].bit_depth == 14
    assert bits['test'] == base['test']
    assert bits['train'][1:] == base['train'][1:]
    several = load_config(str(NUAA), {'test_pipeline.0.bit_depth': 12, 'crop_size': 64, 'trainval': ['mine.txt']})
    assert {split: steps[0].get('bit_depth') for split, steps in pipelines(several).items()} == dict(
        train=None, val=12, test=12
    )
    assert pipelines(several)['train'][2].size == 64
    assert several.train_dataloader.dataset.ann_file == several.val_dataloader.dataset.ann_file == ['mine.txt']
    assert several.filename == str(NUAA)
    assert mmengine_config.RemoveAssignFromAST is RemoveAssignFromAST


def test_a_part_is_changed_where_it_was_assigned_last(tmp_path: Path) -> None:
    (tmp_path / 'base.py').write_text('size = 1\nsteps = [dict(n=size), dict(n=2)]\nmodel = dict(steps=steps)\n')
    child = tmp_path / 'child.py'
    child.write_text(
        "_base_ = './base.py'\nsize = 3\nsteps = [dict(m=0), *_base_.steps]\n"
        'def helper():\n    size = 7\n    return size\nmodel = dict(steps=steps, helped=helper())\n'
    )
    assert load_config(str(child)).model.steps == [dict(m=0), dict(n=1), dict(n=2)]
    assert load_config(str(child), {'steps.0.m': 5}).model.steps == [dict(m=5), dict(n=1), dict(n=2)]
    everywhere = load_config(str(child), {'size': 9})
    assert everywhere.model.to_dict() == dict(steps=[dict(m=0), dict(n=9), dict(n=2)], helped=7)
    with pytest.raises(ConfigError, match='does not fit'):
        load_config(str(child), {'steps.7.m': 5})


def test_refusals_name_keys_that_work(tmp_path: Path) -> None:
    path = tmp_path / 'c.py'
    path.write_text(
        "train_pipeline = [dict(type='A')]\nunused = 3\na, b = 1, 2\n"
        "train_dataloader = dict(dataset=dict(pipeline=[dict(type='B')]))\nmodel = dict(b=b)\n"
    )
    with pytest.raises(ConfigError, match=r'cure: train_dataloader\.dataset\.pipeline\.0\.x=VALUE$'):
        load_config(str(path), {'train_pipeline.0.x': 1})
    with pytest.raises(ConfigError, match="cure: name the entry that is read, or change 'unused' in the config file"):
        load_config(str(path), {'unused': 4})
    with pytest.raises(ConfigError, match=r'cure: model\.b=VALUE'):
        load_config(str(path), {'b': 4})
    assert load_config(str(path), {'unused': 3}).unused == 3
    assert load_config(str(path), {'model.b': 4}).model.b == 4


def test_a_config_that_is_data(tmp_path: Path) -> None:
    path = tmp_path / 'c.json'
    path.write_text('{"size": 1, "model": {"size": 1}}')
    with pytest.raises(ConfigError, match='cure: model.size=VALUE'):
        load_config(str(path), {'size': 2})
