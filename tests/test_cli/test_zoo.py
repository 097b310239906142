from __future__ import annotations

import json
from pathlib import Path

import pytest
from mmengine.config import Config

from mmirstd.cli import zoo_table as zoo
from mmirstd.cli.zoo import main
from mmirstd.key_maps import ARCHS
from mmirstd.utils.errors import ConfigError
from tests.shared import REPO


def test_table(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    page = tmp_path / 'page.md'
    page.write_text('before\n<!-- benchmark:zoo/networks -->\n<!-- /benchmark -->\nafter\n')
    main(
        [
            'ggl-net-tiny',
            'lcm',
            '--size',
            '64',
            '--rounds',
            '1',
            '--out',
            str(tmp_path / 'zoo.json'),
            '--page',
            str(page),
        ]
    )
    printed = capsys.readouterr().out
    assert printed.strip() in page.read_text()
    assert 'GFLOPs at 64x64' in printed
    assert '| ggl-net-tiny | 2,252,069 |' in printed
    tiny, lcm = json.loads((tmp_path / 'zoo.json').read_text())
    assert 0 < tiny['latency'] < 1
    assert 'pretrained-b8-70e' in tiny['recipes']
    assert lcm['recipes'] == []
    assert (lcm['params'], lcm['flops']) == (0, None)
    assert lcm['latency'] > 0


def test_golden_column_is_a_comparison() -> None:
    records = zoo.golden_records()
    cfg = zoo.single_frame_models()['mshnet']
    equal = zoo.golden_difference(cfg, 'mshnet', records['mshnet'])
    assert equal.largest < 1e-12
    assert str(equal).startswith('equal (')
    for output in records['mshnet']['outputs_float64']:
        output['samples'][10] += 1e-7
    other = zoo.golden_difference(cfg, 'mshnet', records['mshnet'])
    assert str(other).startswith('DIFFERS (')
    # Of a few official codes there are float32 outputs alone.
    del records['mshnet']['outputs_float64']
    rounded = zoo.golden_difference(cfg, 'mshnet', records['mshnet'])
    assert 1e-9 < rounded.largest < 1e-5
    assert str(rounded).endswith(', float32)')


def test_every_record_has_a_key_map_and_a_model() -> None:
    for arch in zoo.golden_records():
        assert (REPO / ARCHS[arch].model.split(' ')[0]).is_file()  # some add which part of the model it is


def test_unknown_name() -> None:
    with pytest.raises(ConfigError, match='no base model nothing in'):
        main(['nothing'])


def test_flops_equal_the_official_ones_where_the_input_is_the_same() -> None:
    """All of RPCANet is at full resolution, so a sixteenth of the pixels costs a sixteenth."""
    record = zoo.golden_records()['rpcanet']
    assert 16 * zoo.make_row('rpcanet', zoo.single_frame_models()['rpcanet'], 64, {}).flops == record['flops_256']


def test_recipes_follow_the_naming_rule() -> None:
    assert zoo.recipes('mshnet') == ['b4-400e']
    assert zoo.recipes('rdian') == ['b16-400e', 'cpu-b8-45e']
    assert isinstance(zoo.single_frame_models()['lcm'], Config)
