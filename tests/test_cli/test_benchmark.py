"""The command over suites, in a repository whose tools only pretend to train."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmirstd.cli import benchmark
from tests.test_benchmark.helpers import toy, write_repository


def test_the_stages_of_a_halving_follow_one_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [dict(name='base', config='configs/a.py', cfg_options={'model.width': 1})]
    runs += [
        dict(name=f'w{width}', config='configs/a.py', against='base', cfg_options={'model.width': width})
        for width in (3, 5, 2)
    ]
    stages = [dict(seeds=[0]), dict(seeds=[1, 2], keep=2), dict(seeds=[5], keep=1)]
    content = toy(runs=runs, halving=dict(figure='val.IoU', stages=stages))
    del content['seeds']
    path, data = write_repository(tmp_path, content)
    monkeypatch.setattr(benchmark, 'resource_root', lambda: tmp_path)
    options = [
        str(path),
        '--data-root',
        str(data),
        '--logs',
        str(tmp_path / 'logs'),
        '--work-dir',
        str(tmp_path / 'work'),
    ]
    benchmark.main([*options, '--only', 'base', 'w2'])
    assert 'toy: 2 done now' in capsys.readouterr().out  # the others are missing: no stage begins
    benchmark.main([*options, '--jobs', '2'])
    said = capsys.readouterr().out
    assert 'toy: 4 runs, 2 done before' in said
    assert 'toy: next stage, 6 runs' in said
    assert 'toy: next stage, 2 runs' in said
    assert 'toy: 10 done now, 0 failed' in said
    # pretended IoU rises with the width
    made = sorted(file.stem for file in (tmp_path / 'logs' / 'toy').glob('*.json'))
    assert made == sorted(
        f'{name}_seed{seed}'
        for name, seeds in dict(base=(0, 1, 2, 5), w5=(0, 1, 2, 5), w3=(0, 1, 2), w2=(0,)).items()
        for seed in seeds
    )
    benchmark.main([*options, '--list'])
    assert len(capsys.readouterr().out.splitlines()) == 12
