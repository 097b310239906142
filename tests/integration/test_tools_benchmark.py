"""Two real trainings through ``tools/benchmark.py``."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from mmirstd.cli.benchmark import main
from mmirstd.evaluation.image_counts import MEASURES, measure
from mmirstd.utils.errors import ConfigError
from tests.shared import REPO


def write_suite(folder: Path, config: Path, tests: dict | None = None, **options: object) -> Path:
    """Two runs of a GGL-Net of four channels; the options are those of the second."""
    (folder / 'tiny.py').write_text(config.read_text())
    path = folder / 'tiny.yml'
    path.write_text(
        yaml.safe_dump(
            sort_keys=False,
            data=dict(
                data_roots=dict(tiny='data/TINY'),
                seeds=[0],
                tests=tests or {},
                options={'train_cfg.val_interval': 1},
                runs=[dict(name='plain', config='tiny.py'), dict(name='wide', config='tiny.py', cfg_options=options)],
            ),
        )
    )
    return path


def test_two_runs(tiny_config: Path, tiny_data: Path, run, tmp_path: Path, capsys) -> None:
    suite = write_suite(tmp_path, tiny_config, **{'model.decode_head': {'channels': 8}})
    options = [
        str(suite),
        '--data-root',
        str(tiny_data),
        '--jobs',
        '2',
        '--logs',
        str(tmp_path / 'logs'),
        '--work-dir',
        str(tmp_path / 'work'),
    ]
    assert 'tiny: 2 done now, 0 failed' in run('benchmark.py', *options, cwd=tmp_path).stdout

    records = {path.stem: json.loads(path.read_text()) for path in (tmp_path / 'logs' / 'tiny').glob('*.json')}
    assert sorted(records) == ['plain_seed0', 'wide_seed0']
    for path in (tmp_path / 'logs' / 'tiny').glob('*.json'):
        assert path.stat().st_size < 60_000
        for private in (tmp_path, tiny_data, REPO):
            assert str(private) not in path.read_text()
    assert records['wide_seed0']['network']['parameters'] > records['plain_seed0']['network']['parameters'] > 10_000
    for record in records.values():
        assert [e['step'] for e in record['validation_curve']] == [1, 2]
        best = max(record['validation_curve'], key=lambda e: (e['IoU'], -e['step']))
        assert record['training']['chosen'] == best['step']
        assert record['validation']['IoU'] == best['IoU']
        assert record['checkpoint']['name'] == f'best_IoU_epoch_{best["step"]}.pth'
        assert record['loss_curve']['iter'] == list(range(1, 9))
        assert record['training']['iterations'] == 8
        assert 0 < record['training']['training_s'] < record['training']['wall_s']
        assert 0 <= record['test']['IoU'] <= 1
        assert record['network']['inference_parameters'] == record['network']['parameters']
        assert record['network']['flops'] > 1e5
        assert record['versions']['torch']
        assert len(record['data']) == 3

        counts = record['per_image']
        assert counts['name'] == [f'scene{k:03d}' for k in range(20, 24)]
        assert counts['pixels'] == [32 * 32] * 4
        for name in MEASURES:
            assert measure(counts, name)[0] == pytest.approx(record['test'][name], rel=1e-9, nan_ok=True)

    main([*options, '--list'])
    assert capsys.readouterr().out.split() == ['plain_seed0', 'done', 'wide_seed0', 'done']
    main([*options, '--dry-run'])  # would build the networks of what is left, and print the commands
    assert capsys.readouterr().out == 'tiny: 2 runs, 2 done before\n'

    # a test is added: nothing is trained, and the record keeps what it had
    before = (tmp_path / 'logs' / 'tiny' / 'plain_seed0.json').read_text()
    write_suite(
        tmp_path,
        tiny_config,
        dict(msda=dict(protocol='msda', eval_size=64), small=dict(eval_size=64)),
        **{'model.decode_head': {'channels': 8}},
    )
    main([*options, '--only', 'plain', '--dry-run'])
    lines = capsys.readouterr().out.splitlines()
    # mmengine warns here when an earlier test of this process has left another scope
    lines = [line for line in lines if 'mmengine - WARNING' not in line]
    lines = [line for line in lines if not line.startswith('# each line')]
    assert lines[1] == '# plain_seed0: done, but not tested by msda, small'
    assert len(lines) == 3  # both by one command
    main([*options, '--only', 'plain'])
    assert '1 done now, 0 failed' in capsys.readouterr().out
    old, new = json.loads(before), json.loads((tmp_path / 'logs' / 'tiny' / 'plain_seed0.json').read_text())
    tests = new.pop('tests')
    (added,) = new.pop('commands')[len(old.pop('commands')) :]
    assert added.startswith('mmirstd test tiny.py work_dirs/benchmarks/tiny/plain_seed0/best_IoU_epoch_')
    assert ' --protocol msda --eval-size 64 --cfg-options ' in added
    assert new == old
    assert {'IoU', 'nIoU', 'Pd', 'Fa'} <= set(tests['msda']['metrics'])
    assert len(tests['msda']['notices']) == 1  # 64 is not the official size
    assert set(tests['small']['metrics']) == set(new['test'])
    assert tests['small']['notices'] == []
    main([*options, '--only', 'wide', '--list'])
    assert capsys.readouterr().out == 'wide_seed0  done, but not tested by msda, small\n'
    (tmp_path / 'work' / 'tiny' / 'wide_seed0' / records['wide_seed0']['checkpoint']['name']).unlink()
    main([*options, '--only', 'wide', '--dry-run'])
    shown = capsys.readouterr().out
    assert '# wide_seed0: done, but not tested by msda, small, and cannot be: no checkpoint' in shown
    assert 'cd ' not in shown
    assert main([*options, '--only', 'wide']) == 1
    assert 'cannot be now: ' in capsys.readouterr().err


def test_dry_run_builds_the_networks(tiny_config: Path, tiny_data: Path, tmp_path: Path, capsys) -> None:
    suite = str(write_suite(tmp_path, tiny_config, **{'model.backbone.base_chanels': 4}))
    elsewhere = ['--logs', str(tmp_path / 'logs'), '--work-dir', str(tmp_path / 'work')]
    with pytest.raises(ConfigError, match='base_chanels'):
        main([suite, '--data-root', str(tiny_data), '--dry-run', *elsewhere])
    with pytest.raises(ConfigError, match='cure: --data-root tiny=PATH'):
        main([suite, '--data-root', str(tmp_path / 'none'), *elsewhere])
    main([suite, '--cfg-options', f'data_root={tiny_data}', '--dry-run', '--only', 'plain', *elsewhere])
    train, test = [line for line in capsys.readouterr().out.splitlines() if line.startswith('cd ')]
    folder = tmp_path / 'work' / 'tiny' / 'plain_seed0'
    assert train.endswith(
        f'-m mmirstd.cli train {tmp_path}/tiny.py --work-dir {folder} --cfg-options '
        f'data_root={tiny_data} train_cfg.val_interval=1 randomness.seed=0'
    )
    assert f' {folder}/best_IoU_epoch_*.pth ' in test
    for line in (train, test):
        subprocess.run(['sh', '-c', line], cwd='/', check=True, capture_output=True)
    assert json.loads((folder / 'test.json').read_text())['metrics']['IoU'] >= 0
    with pytest.raises(SystemExit):
        main([suite, '--cfg-options', 'model.width=1'])
    assert 'only data_root=PATH' in capsys.readouterr().err
