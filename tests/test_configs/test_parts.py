"""A part in ``_base_`` is worth a file where it is shared; what one config alone needs stands in it."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from mmirstd.engine.config_names import networks, runnable_configs
from mmirstd.engine.data_option import bases_of, data_sets
from tests.shared import REPO

PARTS = REPO / 'configs' / '_base_'
SHARED = [path for kind in ('models', 'schedules') for path in sorted((PARTS / kind).glob('*.py'))]


@cache
def users() -> dict[Path, list[Path]]:
    """File -> those that name it in their ``_base_``, in ``configs/`` and beside a suite."""
    found = defaultdict(list)
    for folder in ('configs', 'benchmarks'):
        for path in sorted((REPO / folder).rglob('*.py')):
            for base in bases_of(path):
                found[base].append(path)
    return found


def inherited(path: Path) -> set[Path]:
    return {path}.union(*(inherited(base) for base in bases_of(path)))


@pytest.mark.parametrize('part', SHARED, ids=lambda path: path.relative_to(PARTS).as_posix())
def test_a_network_and_a_schedule_are_parts_where_several_configs_share_them(part: Path) -> None:
    assert len(users()[part]) >= 2, f'{part.relative_to(REPO)} belongs into {users()[part]}'


@pytest.mark.parametrize('network', networks())
def test_recipes_of_one_network_share_its_model(network: str) -> None:
    """It is written once: in its only config, or in the part that has its name."""
    recipes = [
        path
        for name, path in runnable_configs().items()
        if name.split('_')[0] == network and name.rpartition('_')[2] in data_sets()
    ]
    assert recipes
    own = networks()[network]
    assert own == recipes[0] if len(recipes) == 1 and own.stem != network else own.parent == PARTS / 'models'
    for recipe in recipes:
        assert own in inherited(recipe)


def test_parts_of_networks_are_called_like_them() -> None:
    skeletons = {'segmentor', 'clip_segmentor'}
    assert {path.stem for path in (PARTS / 'models').glob('*.py')} <= set(networks()) | skeletons
