from __future__ import annotations

import argparse
import inspect
import sys
import types
import warnings
from dataclasses import dataclass

import pytest

from mmirstd.utils import renamed
from mmirstd.utils.renamed import (
    RenamedOption,
    rename_keys,
    renamed_arguments,
    renamed_attribute,
    renamed_names,
)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What users are told."""
    lines: list[str] = []
    monkeypatch.setattr(renamed, '_said', set())
    monkeypatch.setattr('mmengine.logging.print_log', lambda text, **_: lines.append(text))
    return lines


@renamed_arguments(colour='color')
def paint(color: str = 'red', size: int = 1) -> tuple[str, int]:
    """Paint."""
    return color, size


@renamed_arguments(colour='color')
@dataclass(frozen=True)
class Brush:
    color: str = 'red'
    colour = renamed_attribute('colour', 'color')

    def paints(self) -> str:
        return self.color

    paint_with = renamed_attribute('paint_with', 'paints')


class Loader:
    @renamed_arguments(say=True, colour='color')
    def __init__(self, color: str = 'red') -> None:
        self.color = color


def test_an_old_argument_is_the_new_one_and_a_warning_at_the_caller() -> None:
    with pytest.warns(DeprecationWarning, match='paint: colour is color now') as caught:
        assert paint(colour='blue', size=2) == ('blue', 2)
    assert caught[0].filename == __file__
    with pytest.warns(DeprecationWarning, match='Brush: colour is color now'):
        assert Brush(colour='blue') == Brush('blue')


def test_new_names_are_silent_and_the_signature_is_the_new_one() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert paint('blue', size=2) == ('blue', 2)
        assert Brush(color='blue').color == 'blue'
    for function in (paint, Brush, Loader):
        assert list(inspect.signature(function).parameters)[0] == 'color'
    assert paint.__doc__ == 'Paint.'


def test_both_names_at_once_are_an_error() -> None:
    with pytest.raises(TypeError, match='paint: colour is the old name of color; both are given'):
        paint(color='red', colour='blue')
    with pytest.raises(TypeError, match='unexpected keyword'):
        paint(hue='blue')


def test_old_attributes_and_methods() -> None:
    brush = Brush('blue')
    with pytest.warns(DeprecationWarning, match='Brush.colour is color now') as caught:
        assert brush.colour == 'blue'
    assert caught[0].filename == __file__
    with pytest.warns(DeprecationWarning, match='Brush.paint_with is paints now'):
        assert brush.paint_with() == 'blue'


def test_options_of_configs_are_said_to_users_once(said: list[str]) -> None:
    for _ in range(3):
        with pytest.warns(DeprecationWarning, match='Loader: colour'):
            assert Loader(colour='blue').color == 'blue'
    assert said == ['Loader: colour is accepted; its name is color now']


def test_old_names_of_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    package, inner = types.ModuleType('paints'), types.ModuleType('paints.shades')
    inner.color, package.gray = 'blue', 'gray'
    for module in (package, inner):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    package.__getattr__ = renamed_names(
        'paints', {'colour': 'shades.color', 'grey': 'gray', 'blanc': 'paints.shades.color'}
    )
    with pytest.warns(DeprecationWarning, match='paints.colour: import paints.shades.color instead') as caught:
        assert package.colour == 'blue'
    assert caught[0].filename == __file__
    with pytest.warns(DeprecationWarning, match='paints.grey: import paints.gray instead'):
        assert package.grey == 'gray'
    with pytest.warns(DeprecationWarning, match='paints.blanc: import paints.shades.color instead'):
        assert package.blanc == 'blue'
    with pytest.raises(AttributeError, match="'paints' has no attribute 'red'"):
        package.red  # noqa: B018


def test_keys_of_a_config_are_replaced_and_the_users_old_one_wins(said: list[str]) -> None:
    values = dict(color='red', colour='blue', size=1)
    rename_keys(values, dict(colour='color'), 'a.py')
    assert values == dict(color='blue', size=1)
    rename_keys(values, dict(colour='color'), 'a.py')
    assert said == ['a.py: colour is accepted; its name is color now']
    rename_keys(written := dict(colour='blue'), dict(colour='color'))
    assert written == dict(color='blue')
    assert len(said) == 1  # a file of ours is nobody's mistake


def test_an_old_command_line_option(said: list[str]) -> None:
    parser = argparse.ArgumentParser(prog='paint')
    parser.add_argument('--edge-color', choices=('red', 'blue'))
    parser.add_argument('--edge-colour', dest='edge_color', action=RenamedOption, help=argparse.SUPPRESS)
    assert parser.parse_args(['--edge-colour', 'blue']).edge_color == 'blue'
    assert said == ['paint: --edge-colour is accepted; its name is --edge-color now']
    assert parser.parse_args(['--edge-color', 'red']).edge_color == 'red'
    assert parser.parse_args([]).edge_color is None
    assert len(said) == 1
    assert 'colour' not in parser.format_help()
