"""Two networks and a classical method on two folders, as docs/benchmarks.md begins."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from mmirstd.cli.benchmark import main as benchmark
from mmirstd.cli.compare_networks import main


def test_from_two_folders_to_a_table(
    make_config: Callable[..., Path],
    tiny_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny = make_config('tiny-ggl')
    data = ['--data', str(tiny_data / 'images'), str(tiny_data / 'masks')]
    words = ['--nets', f'{tiny},white-tophat', *data, '--nets', 'acm', '--epochs', '2', '--batch-size', '8']
    out = ['--out', 'cmp/results.md', '--out', 'cmp/results.csv']
    assert main([*words, *out]) == 0
    said = capfd.readouterr().out
    assert '24 images with masks, paired by equal names' in said
    assert 'each network: 2 epochs, batch size 8, schedule cpu_adamw-onecycle' in said
    assert 'split  images' in said  # the check of the data
    assert 'results: 3 done now, 0 failed' in said

    with (tmp_path / 'cmp' / 'results.csv').open() as file:
        rows = {row['run']: row for row in csv.DictReader(file)}
    assert list(rows) == ['tiny-ggl', 'white-tophat', 'acm']
    records = {name: json.loads((tmp_path / f'cmp/logs/results/{name}_seed0.json').read_text()) for name in rows}
    for name, row in rows.items():
        assert float(row['IoU']) == pytest.approx(records[name]['test']['IoU'], rel=1e-11)  # twelve digits
    # what the config changes of its network is kept: without, the tiny network has 2.25 million
    assert records['tiny-ggl']['network']['parameters'] < 600_000
    assert {record['training']['iterations'] for record in records.values()} == {4, None}
    assert len({tuple(record['data'].items()) for record in records.values()}) == 1
    assert '| white-tophat |' in (tmp_path / 'cmp' / 'results.md').read_text()

    # the same command does nothing twice; a changed suite is run by `mmirstd benchmark`
    assert main([*words, *out]) == 0
    assert 'results: 3 runs, 3 done before' in capfd.readouterr().out
    suite = tmp_path / 'cmp' / 'results.yml'
    content = yaml.safe_load(suite.read_text())
    content['runs'].append(dict(name='broken', config='results/acm.py', cfg_options={'model.backbone.num_blocks': [1]}))
    suite.write_text(yaml.safe_dump(content))
    assert benchmark([str(suite), '--out', 'cmp/results.md']) == 1
    said = capfd.readouterr()
    log = tmp_path / 'cmp/work_dirs/benchmarks/results/broken_seed0/train.out'
    table = (tmp_path / 'cmp' / 'results.md').read_text()
    assert f'(log: {log})' in table
    assert '| broken | - | - |' in table
    assert 'broken_seed0: FAILED: ' in said.err
