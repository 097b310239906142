"""Values of --cfg-options: what mmengine reads, and what it does not."""

from __future__ import annotations

import argparse

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmengine.config import DictAction

from mmirstd.cli.arguments import add_cfg_options_argument
from mmirstd.utils.option_values import parse_option_value

SINGLE = st.one_of(
    st.integers(-999, 999).map(str),
    st.floats(-9, 9).map(repr),
    st.sampled_from(['True', 'false', 'None', '1e-3', '*', 'data/NUAA-SIRST', 'a.b_c', 'C:\\data', '007']),
)


@given(st.recursive(SINGLE, lambda parts: st.lists(parts, min_size=1, max_size=3).map(lambda x: f'[{",".join(x)}]')))
def test_without_spaces_and_dicts_it_is_what_mmengine_reads(text: str) -> None:
    assert parse_option_value(text) == DictAction._parse_iterable(text)


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ('/d/my data', '/d/my data'),  # mmengine: /d/mydata
        ("'/d/my data'", '/d/my data'),
        ("'a, b'", 'a, b'),
        ('"1,2"', '1,2'),
        ("'abc'", 'abc'),
        ('(1, 2)', (1, 2)),
        ('1, 2', [1, 2]),
        ('[ a , b ]', ['a', 'b']),
        ("dict(num=20,part='train')", {'num': 20, 'part': 'train'}),
        ('dict(num=20, part=train, on=true, low=-1.5)', {'num': 20, 'part': 'train', 'on': True, 'low': -1.5}),
        ("[dict(type='A',size=(1,2)),dict(type='B',more={'c': None})]",
         [{'type': 'A', 'size': (1, 2)}, {'type': 'B', 'more': {'c': None}}]),
        ('{}', {}),
        ('runs/{name}', 'runs/{name}'),
        ('{:06d}.png', '{:06d}.png'),
        ('{name}', '{name}'),
        ('', ''),
    ],
)  # fmt: skip
def test_beyond_mmengine(text: str, value: object) -> None:
    assert parse_option_value(text) == value


@pytest.mark.parametrize(
    'text', ['dict(a=', 'dict(a=print(1))', '[dict(1)]', '[{a: b]', '[1,(2]', 'dict(__import__("os"))']
)
def test_what_cannot_be_read_is_said_and_never_run(text: str) -> None:
    with pytest.raises(ValueError, match='cannot be read.*expected numbers, texts, lists and dicts'):
        parse_option_value(text)


def test_the_command_line(capsys: pytest.CaptureFixture) -> None:
    parser = argparse.ArgumentParser()
    add_cfg_options_argument(parser)
    words = ['--cfg-options', 'data_root=/d/my data', 'a.b=dict(c=1)', '--cfg-options', 'd=1,2']
    assert parser.parse_args(words).cfg_options == {'data_root': '/d/my data', 'a.b': {'c': 1}, 'd': [1, 2]}
    with pytest.raises(SystemExit):
        parser.parse_args(['--cfg-options', 'a=dict(b='])
    assert "--cfg-options a: 'dict(b=' cannot be read" in capsys.readouterr().err
