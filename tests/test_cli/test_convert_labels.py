from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmirstd.cli.convert_labels import main, parse_args
from mmirstd.datasets.labels import FORMATS
from mmirstd.datasets.labels.choices import FORMAT_TEXTS
from mmirstd.utils.errors import ConfigError, DataError
from tests.test_datasets.test_labels.files import image, text, voc_object, voc_xml


@pytest.fixture
def source(tmp_path: Path) -> Path:
    image(tmp_path / 'in/a.png')
    text(tmp_path / 'in/a.xml', voc_xml(voc_object('drone', 4, 6, 9, 10) + voc_object('bird', 30, 6, 45, 10)))
    return tmp_path / 'in'


def test_the_command(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / 'out'
    words = [str(source), '--to', 'coco', '--out', str(out)]
    with pytest.raises(DataError, match='--bad-box clip'):
        main(words)
    assert main([*words, '--bad-box', 'clip', '--one-class', 'target']) == 0
    printed = capsys.readouterr().out
    assert f'note: {source} is read as voc (Pascal VOC XML)' in printed
    assert 'note: drone, bird all became target' in printed
    assert printed.endswith(f'{out}: coco: 1 images, 2 boxes, class target\n')
    data = json.loads((out / 'instances.json').read_text())
    assert [a['bbox'] for a in data['annotations']] == [[3, 5, 6, 5], [29, 5, 11, 5]]


def test_options_reach_the_conversion(source: Path, tmp_path: Path) -> None:
    names = text(tmp_path / 'names.txt', 'bird\ndrone\n')
    words = [str(source), '--out', str(tmp_path / 'out'), '--names', str(names), '--corners', 'edges']
    assert main([*words, '--to', 'yolo', '--bad-box', 'drop', '--copy', 'none', '--shapes', 'boxes']) == 0
    lines = (tmp_path / 'out/labels/a.txt').read_text().split()
    assert lines == ['1', '0.16250000', '0.33333333', '0.12500000', '0.16666667']
    assert not (tmp_path / 'out/images').exists()


def test_wrong_options(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [str(source), '--to', 'masks', '--out', 'x']
    with pytest.raises(ConfigError, match="--mask-rule is 'bright'"):
        main([*words, '--mask-rule', 'bright'])
    for option, value, expected in (
        ('--to', 'pascal', 'invalid choice'),
        ('--point-size', '0', 'expected a number above 0'),
    ):
        with pytest.raises(SystemExit):
            parse_args([*words, option, value])
        assert expected in capsys.readouterr().err


def test_the_formats_are_those_there_are() -> None:
    assert list(FORMAT_TEXTS) == list(FORMATS)
