"""The command over suites, in a repository whose tools only pretend to train."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from mmirstd.benchmark import load_suite_schema, settings
from mmirstd.cli import benchmark
from mmirstd.utils.errors import ConfigError
from tests.test_benchmark.helpers import program, toy, write_repository


def pretend(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command works in a repository of :func:`write_repository`."""
    monkeypatch.setattr(benchmark, 'resource_root', lambda: root)
    monkeypatch.setattr(settings, 'python_program', lambda: program(root))


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
    pretend(tmp_path, monkeypatch)
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


def test_a_suite_outside_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its own table, one run that fails, files in all formats; the next call does what is left."""
    _, data = write_repository(tmp_path / 'mmirstd', toy())
    pretend(tmp_path / 'mmirstd', monkeypatch)
    runs = [
        dict(name='a', config='configs/a.py', label='first'),
        dict(name='b', config='configs/a.py', cfg_options={'model.width': 2, 'model.fail': True}),
    ]
    suite = tmp_path / 'mine' / 's.yml'
    suite.parent.mkdir()
    suite.write_text(yaml.safe_dump(dict(data_roots=dict(toy=str(data)), seeds=[0, 1], runs=runs)))
    out = [tmp_path / 'out' / f'results{suffix}' for suffix in ('.md', '.tex', '.csv', '.html')]
    words = [str(suite), *(word for path in out for word in ('--out', str(path)))]
    assert benchmark.main(words) == 1
    said = capsys.readouterr()
    log = suite.parent / 'work_dirs' / 'benchmarks' / 's' / 'b_seed0' / 'train.out'
    assert f'b_seed0: FAILED: the loss is not finite (log: {log})' in said.err
    assert 's: 2 done now, 2 failed; the same command tries them again' in said.out
    assert (suite.parent / 'logs' / 's' / 'a_seed0.json').is_file()
    for path in out:
        text = path.read_text(encoding='utf-8')
        assert 'first' in text
        assert 'the loss is not finite' in text
        assert str(log) in text
    assert '| first | 0.600 ± 0.000 | - | 0.00 | 0.00 | 0.07 | 2 |' in out[0].read_text(encoding='utf-8')
    assert '| first | 0.600 ± 0.000 | - | 0.00 | 0.00 | 0.07 | 2 |' in said.out
    assert r'b & - & - & - & - & - & 0 of 2 \\' in out[1].read_text(encoding='utf-8')

    benchmark.main([str(suite), '--list'])
    assert f'b_seed0  failed: the loss is not finite (log: {log})' in capsys.readouterr().out
    train = tmp_path / 'mmirstd' / 'tools' / 'train.py'
    train.write_text(train.read_text().replace("== 'True'", "== 'never'"))
    assert benchmark.main(words) == 0
    said = capsys.readouterr().out
    assert 's: 4 runs, 2 done before' in said
    assert 's: 2 done now, 0 failed\n' in said
    assert 'not finite' not in out[0].read_text(encoding='utf-8')


def test_dry_run_shows_lines_for_a_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, data = write_repository(tmp_path, toy(seeds=[0]))
    pretend(tmp_path, monkeypatch)
    monkeypatch.setattr('mmirstd.benchmark.Job.build_network', lambda self: None)
    monkeypatch.setenv('OMP_NUM_THREADS', '1')
    options = ['--data-root', str(data), '--work-dir', str(tmp_path / 'work'), '--dry-run', '--gpus', '0,5']
    benchmark.main([str(path), *options])
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith('cd ')]
    assert [line.split('CUDA_VISIBLE_DEVICES=')[1].split()[0] for line in lines] == ['0', '0', '5', '5']
    assert not (tmp_path / 'work').exists()
    for line in lines[:2]:
        subprocess.run(['sh', '-c', line], cwd='/', check=True, capture_output=True)
    assert (tmp_path / 'work' / 'toy' / 'a_seed0' / 'test.json').is_file()


def test_gpus_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, data = write_repository(tmp_path, toy(seeds=[0]))
    pretend(tmp_path, monkeypatch)
    monkeypatch.setattr('torch.cuda.device_count', lambda: 1)
    with pytest.raises(ConfigError, match=r'--gpus 0,1: found 1 GPUs that PyTorch sees, numbered from 0'):
        benchmark.main([str(path), '--data-root', str(data), '--gpus', '0,1'])
    with pytest.raises(ConfigError, match=r'--gpus 0,0: a GPU is named twice'):
        benchmark.main([str(path), '--data-root', str(data), '--gpus', '0', '--gpus', '0'])


def test_bad_files_for_tables_are_found_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = write_repository(tmp_path, toy())
    pretend(tmp_path, monkeypatch)
    with pytest.raises(ConfigError, match=r'results.docx: .*expected one of .md, .tex, .csv, .html'):
        benchmark.main([str(path), '--out', 'results.docx'])


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmark.main(['--schema']) == 0
    assert json.loads(capsys.readouterr().out) == load_suite_schema()
    with pytest.raises(SystemExit):
        benchmark.main([])
    assert 'required: suite' in capsys.readouterr().err
