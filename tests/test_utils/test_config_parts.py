"""Parts of configs of both styles."""

from __future__ import annotations

import pytest
from mmengine.config import ConfigDict
from mmengine.hooks import CheckpointHook

from mmirstd.utils.config_parts import bare_type, config_dicts, is_mmengines


class Loader:
    """A type as mmengine's new style has it."""


@pytest.mark.parametrize(
    ('part', 'expected'),
    [
        (dict(type='mmirstd.LoadClip'), 'LoadClip'),
        (dict(type='LoadClip'), 'LoadClip'),
        (dict(type=Loader), 'Loader'),
        (dict(), ''),
        (dict(type=None), ''),
    ],
)
def test_the_type_without_its_scope(part: dict, expected: str) -> None:
    assert bare_type(part) == expected
    assert bare_type(ConfigDict(part)) == expected


@pytest.mark.parametrize(
    ('kind', 'expected'),
    [
        ('CheckpointHook', True),
        ('mmengine.CheckpointHook', True),
        ('mmengine.hooks.CheckpointHook', True),
        (CheckpointHook, True),
        ('mine.CheckpointHook', False),
        ('mmengine.hooks.LoggerHook', False),
        (Loader, False),
        (None, False),
    ],
)
def test_a_class_of_mmengine(kind: object, expected: bool) -> None:
    assert is_mmengines(dict(type=kind), 'CheckpointHook') is expected


def test_each_dict_wherever_it_is() -> None:
    node = dict(a=[dict(b=1), (dict(c=dict(d=2)),)], e='text')
    assert list(config_dicts(node)) == [node, dict(b=1), dict(c=dict(d=2)), dict(d=2)]
    assert list(config_dicts('text')) == []
