"""Without a model's name ``mmirstd infer`` takes one of the box."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmirstd.cli.first_input import is_input
from mmirstd.cli.infer import parse_args
from mmirstd.engine.config_names import names_with_weights
from mmirstd.engine.default_model import DEFAULT_DETECTOR, DEFAULT_MODEL


def test_they_have_weights_in_the_box() -> None:
    assert {DEFAULT_MODEL, DEFAULT_DETECTOR} <= set(names_with_weights())


@pytest.mark.parametrize(
    'item', ['missing.mp4', 'photo.PNG', '0', '-', 'rtsp://camera/1', 'folder', 'missing/', 'folder/*.tif']
)
def test_what_is_an_input(item: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'folder').mkdir()
    (tmp_path / 'folder' / 'a.tif').touch()
    assert is_input(item)


@pytest.mark.parametrize(
    'item', ['ggl-net-tiny_general', 'dnanet_irstd-1k-800-201', 'ggl-net-tiny_genral', 'my.py', 'w.pth', 'work_dir']
)
def test_what_is_none(item: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name of ours counts even where a folder is called so; so do old names, wrong ones, and what training wrote."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'ggl-net-tiny_general').mkdir()
    (tmp_path / 'work_dir').mkdir()
    (tmp_path / 'work_dir' / 'my.py').touch()
    assert not is_input(item)


@pytest.mark.parametrize(
    ('words', 'model', 'inputs'),
    [
        (['video.mp4', '--track'], DEFAULT_MODEL, ['video.mp4']),
        (['a.png', 'b.png'], DEFAULT_MODEL, ['a.png', 'b.png']),
        (['white-tophat', '-', 'a.png'], 'white-tophat', ['a.png']),
    ],
)
def test_which_model(words: list[str], model: str, inputs: list[str], capsys: pytest.CaptureFixture) -> None:
    args = parse_args([*words, '--out', 'results'])
    assert (args.config, args.checkpoint, args.inputs) == (model, None, inputs)
    said = capsys.readouterr().err
    assert (f'notice: no model was named, so it is {model}' in said) == (words[0] != model)
    assert (DEFAULT_DETECTOR in said) == ('--track' in words)
