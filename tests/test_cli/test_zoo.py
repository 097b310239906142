"""The command that lists and measures the zoo."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmirstd.cli.zoo import main
from mmirstd.utils.errors import ConfigError


def test_measures_lists_and_writes_a_page(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    page, record = tmp_path / 'page.md', tmp_path / 'zoo.json'
    page.write_text(
        'before\n<!-- benchmark:zoo/networks -->\n<!-- /benchmark -->\nbetween\n<!-- benchmark:zoo/costs -->\n'
        '<!-- /benchmark -->\n<!-- benchmark:zoo/clip-costs -->\n<!-- /benchmark -->\nafter\n'
    )
    record.write_text('{"networks": {"lcm": {"params": 7, "time": {"torch": 9.0, "tpu": 1.0}}, "gone": {}}}')
    main(['acm', 'lcm', '--measure', '--rounds', '1', '--record', str(record), '--page', str(page)])
    networks = json.loads(record.read_text())['networks']
    assert list(networks) == ['acm', 'lcm']  # what no longer exists goes
    assert (networks['acm']['params'], networks['lcm']['params']) == (397823, 0)
    assert networks['acm']['golden']['acm'].startswith('equal (')
    assert networks['acm']['time']['torch'] > 0
    assert networks['lcm']['time']['torch'] != 9.0
    assert networks['lcm']['time']['tpu'] == 1.0  # another backend's time stays
    assert {'torch', 'torch folded'} < networks['acm']['costs'].keys()
    assert networks['acm']['machine'].keys() >= {'cpu', 'torch'}
    assert 0 < networks['acm']['costs']['torch']['ms'] <= networks['acm']['costs']['torch']['ms_p95']
    printed = capsys.readouterr().out
    assert '2 of 2 networks' in printed
    assert '| acm | 0.40 |' in page.read_text()
    assert 'b16-400e' in page.read_text()
    assert (tmp_path / 'images' / 'zoo.svg').read_text().count('<svg') == 1
    before = networks['acm']['time']
    main(['acm', '--measure', '--rounds', '0', '--no-memory', '--no-golden', '--record', str(record)])
    assert json.loads(record.read_text())['networks']['acm']['time'] == before  # what was not measured stays


def test_costs_of_a_backend(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    record = tmp_path / 'zoo.json'
    networks = {
        'acm': dict(params=4, flops=5, time={'openvino': 0.2}, costs={'openvino': dict(ms=8, ms_p95=9, mib=100)}),
        'lcm': dict(params=0, time={'openvino': 0.1}, costs={'openvino': dict(ms=4.0, ms_p95=5.0, joules=0.25)}),
        'rpcanet': dict(params=4, flops=5, time={'torch': 0.01}, costs={'torch': dict(ms=2, ms_p95=3)}),
    }
    record.write_text(json.dumps(dict(networks=networks)))
    main(['--record', str(record), '--costs', '--sort', 'time', '--backend', 'openvino'])
    rows = [line.replace(' ', '') for line in capsys.readouterr().out.splitlines() if line.startswith('|')]
    assert rows[-2:] == ['|lcm|-|-|4.0|5.0|250.0|-|0.25|', '|acm|0.00|0.00|8.0|9.0|125.0|100|-|']
    main(['--record', str(record), '--max-time', '0.15', '--backend', 'openvino'])
    assert '1 of 3 networks' in capsys.readouterr().out
    with pytest.raises(ConfigError, match='--backend abacus: expected torch, openvino'):
        main(['--record', str(record), '--backend', 'abacus'])
    assert 'notice: 2 without costs in' not in capsys.readouterr().err
    main(['--record', str(record), '--costs'])
    told = capsys.readouterr()
    assert "notice: 2 without costs in 'torch' left out" in told.err
    assert '1 of 3 networks' in told.out
    with pytest.raises(ConfigError, match="'torch': none of 1 networks has costs there: expected openvino"):
        main(['acm', '--record', str(record), '--costs'])


def test_memory_alone(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    record = tmp_path / 'zoo.json'
    record.write_text(json.dumps(dict(networks=dict(acm=dict(params=4, flops=5, costs=dict(torch=dict(mib=100)))))))
    main(['--record', str(record)])
    assert 'time, torch' not in capsys.readouterr().out
    main(['--record', str(record), '--costs', '--sort', 'memory'])
    assert '| acm     |           0.00 |              0.00 |             100 |' in capsys.readouterr().out
    for option in ('--rounds', '--threads'):
        with pytest.raises(SystemExit):
            main(['acm', '--measure', option, '-1', '--record', str(record)])
        assert f'argument {option}: ' in capsys.readouterr().err


def test_filters_and_writes_a_file(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    main(['acm', 'rpca', '--max-gflops', '1', '--sort', 'params', '--out', str(tmp_path / 'zoo.csv')])
    rows = (tmp_path / 'zoo.csv').read_text().splitlines()
    assert [row.split(',')[0] for row in rows] == ['network', 'acm-fpn', 'acm', 'acm-unet']
    assert '3 of ' in capsys.readouterr().out
    main(['--license', 'nothing of that kind'])
    assert capsys.readouterr().out.startswith('0 of ')


def test_unknown_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='no network is called nothing: expected abc, '):
        main(['nothing'])
    with pytest.raises(ConfigError, match='no network is called nothing; there are: '):
        main(['nothing', '--measure', '--record', str(tmp_path / 'zoo.json')])
