from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from mmengine.device import get_device

import mmirstd.registry  # noqa: F401
from mmirstd.compat.precision import choose_precision
from tests.shared import REPO


def losses(work_dir: Path) -> list[tuple[int, int, float]]:
    """(epoch, step, loss) of each logged training step of the newest run."""
    log = sorted(work_dir.glob('*/vis_data/scalars.json'), key=lambda p: p.stat().st_mtime)[-1]
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    return [(e['epoch'], e['step'], e['loss']) for e in entries if 'loss' in e]


def load(path: Path) -> dict:
    return torch.load(path, map_location='cpu', weights_only=False)  # written by this very test


def test_training_writes_checkpoints_and_says_what_comes_next(trained):
    work_dir, output = trained
    assert (work_dir / 'epoch_2.pth').is_file()
    best = list(work_dir.glob('best_IoU_epoch_*.pth'))
    assert len(best) == 1
    assert len(losses(work_dir)) == 8
    assert 'done: 2 epochs, 8 iterations' in output
    assert str(best[0]) in output
    assert 'tools/test.py' in output
    assert 'threads: 1 for torch in each of 1 process(es)' in output
    assert '[OMP_NUM_THREADS]' in output


def test_the_console_has_a_line_an_epoch_and_the_file_everything(trained, tiny_config, run, tmp_path):
    work_dir, output = trained
    lines = output.splitlines()
    head = next(index for index, line in enumerate(lines) if line.split()[:1] == ['epoch'])
    assert lines[head].split() == ['epoch', 'loss', 'IoU', 'nIoU', 'Pd', 'Fa', '(1e-6)', 'lr', 'time', 'left']
    assert [line.split()[0] for line in lines[head + 1 : head + 3]] == ['1/2', '2/2']
    log = next(work_dir.glob('*/*.log')).read_text()
    for text in ('Epoch(train)', 'IRSTDMetric, 4 images', 'System environment', 'default_hooks = dict('):
        assert text in log
        assert text not in output
    assert len(lines) < 30

    verbose = run('train.py', tiny_config, '--verbose', '--cfg-options', 'train_cfg.max_epochs=1', cwd=tmp_path)
    for text in ('Epoch(train)', 'IRSTDMetric, 4 images', 'System environment', 'default_hooks = dict('):
        assert text in verbose.stdout


def test_the_precision_follows_the_machine_and_weights_stay_float32(trained):
    checkpoint = load(trained[0] / 'epoch_2.pth')
    chosen = choose_precision(get_device())
    assert checkpoint['optimizer']['precision'] == chosen.dtype
    assert trained[1].count(str(chosen)) == 1
    assert {v.dtype for v in checkpoint['state_dict'].values() if v.is_floating_point()} == {torch.float32}


def test_a_resumed_run_ends_exactly_where_an_uninterrupted_one_does(trained, tiny_config, run, tmp_path):
    work_dir = tmp_path / 'resumed'  # moved, so the absolute path in last_checkpoint is wrong, too
    shutil.copytree(trained[0], work_dir)
    whole = load(work_dir / 'epoch_2.pth')
    (work_dir / 'epoch_2.pth').unlink()
    (work_dir / 'last_checkpoint').write_text(str(tmp_path / 'gone' / 'epoch_1.pth'))
    before = losses(trained[0])

    done = run('train.py', tiny_config, '--work-dir', work_dir, '--resume', cwd=tmp_path)

    assert 'resumed epoch: 1, iter: 4' in done.stdout
    assert losses(work_dir) == before[4:]
    resumed = load(work_dir / 'epoch_2.pth')
    for part in ('state_dict', 'ema_state_dict'):
        for key, value in whole[part].items():
            torch.testing.assert_close(resumed[part][key], value, rtol=0, atol=0)
    assert any(
        not torch.equal(value, whole['ema_state_dict'][f'module.{key}']) for key, value in whole['state_dict'].items()
    )


def test_amp_switch_with_accumulation_clipping_and_moved_data(make_config, tiny_data, run, tmp_path):
    config = make_config(
        'amp',
        "optim_wrapper = dict(_delete_=True, type='OptimWrapper', accumulative_counts=2,\n"
        "    clip_grad=dict(max_norm=1.0), optimizer=dict(type='AdamW', lr=1e-3))\n",
    )
    shutil.copytree(tiny_data, tmp_path / 'moved')
    done = run(
        'train.py',
        config,
        '--amp',
        '--seed',
        3,
        '--cfg-options',
        'train_cfg.max_epochs=1',
        f'data_root={tmp_path / "moved"}',
        cwd=tmp_path,
    )
    assert f'16 samples from {tmp_path / "moved"}' in done.stdout
    assert f'samples from {tiny_data}' not in done.stdout
    suggested = next(line for line in done.stdout.splitlines() if line.startswith('  next: '))
    assert suggested.endswith(f'epoch_1.pth --cfg-options data_root={tmp_path / "moved"}')
    work_dir = tmp_path / 'work_dirs' / 'amp'
    assert 'grad_norm' in next(work_dir.glob('*/*.log')).read_text()
    checkpoint = load(work_dir / 'epoch_1.pth')
    assert checkpoint['optimizer']['precision'] == 'bfloat16'
    assert 'precision: bfloat16' in done.stdout
    assert checkpoint['meta']['seed'] == 3


def test_ctrl_c_says_how_to_continue(make_config, tmp_path):
    config = make_config('long', 'train_cfg = dict(max_epochs=1000, val_interval=1000)\n')
    process = subprocess.Popen(
        [sys.executable, str(REPO / 'tools' / 'train.py'), str(config)],
        cwd=tmp_path,
        text=True,
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        # a shell that runs the tests in the background has them ignore Ctrl-C, which children inherit
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    marker = tmp_path / 'work_dirs' / 'long' / 'last_checkpoint'
    try:
        for _ in range(600):
            if marker.is_file():
                break
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert 'interrupted: the last saved state is' in errors
    assert '--resume' in errors
    assert 'Traceback' not in errors


def test_misspelled_type(tiny_config, run, tmp_path):
    done = run(
        'train.py', tiny_config, '--cfg-options', 'model.backbone.type=mmirstd.GGLEncodr', cwd=tmp_path, status=2
    )
    message = done.stdout[done.stdout.index('\nerror: ') :]
    assert 'Traceback' not in done.stdout
    for text in ('did you mean: mmirstd.GGLEncoder', 'looked in', 'mmseg ('):
        assert text in message


def test_resume_without_anything_to_resume(tiny_config, run, tmp_path):
    done = run('train.py', tiny_config, '--resume', cwd=tmp_path, status=2)
    assert '--resume: the work dir' in done.stdout
    assert 'does not exist' in done.stdout


def begun(trained: tuple[Path, str], work_dir: Path) -> None:
    """A work dir after the first of two epochs."""
    work_dir.mkdir(exist_ok=True)
    shutil.copy2(trained[0] / 'epoch_1.pth', work_dir)


@pytest.fixture(params=['file size limit', 'full file system'])
def small_disk(request: pytest.FixtureRequest, trained, tmp_path: Path):
    """A work dir after the first epoch with less room than a checkpoint needs: the folder, and a command's prefix."""
    work_dir, size = tmp_path / 'work', (trained[0] / 'epoch_1.pth').stat().st_size
    work_dir.mkdir()
    if request.param == 'file size limit':
        begun(trained, work_dir)
        yield work_dir, ['bash', '-c', f'ulimit -f {size // 1024 - 20}; exec "$@"', 'sh']
        return
    mounted = subprocess.run(
        ['mount', '-t', 'tmpfs', '-o', f'size={2 * size + 60_000}', 'tmpfs', work_dir], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f'needs the right to mount: {mounted.stderr.strip()}')
    try:
        begun(trained, work_dir)
        (work_dir / 'else').write_bytes(bytes(100_000))
        yield work_dir, []
    finally:
        subprocess.run(['umount', work_dir], check=True)


def test_a_full_disk_loses_nothing(small_disk, trained, tiny_config, tmp_path):
    work_dir, prefix = small_disk

    def train(*prefix: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [
                *prefix,
                sys.executable,
                str(REPO / 'tools' / 'train.py'),
                str(tiny_config),
                '--work-dir',
                work_dir,
                '--resume',
            ],
            cwd=tmp_path,
            text=True,
            env={**os.environ, 'OMP_NUM_THREADS': '1'},
            timeout=240,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    stopped = train(*prefix)
    assert stopped.returncode == 2, stopped.stdout[-3000:]
    assert 'Traceback' not in stopped.stdout
    message = stopped.stdout[stopped.stdout.index('\nerror: ') :]
    assert 'a checkpoint cannot be written' in message
    assert f'the newest complete one is {work_dir}/epoch_1.pth' in message
    assert [path.name for path in work_dir.glob('*.pth')] == ['epoch_1.pth']

    (work_dir / 'else').unlink(missing_ok=True)
    if not prefix:
        subprocess.run(['mount', '-o', 'remount,size=64m', work_dir], check=True)
    assert train().returncode == 0
    whole, resumed = (load(folder / 'epoch_2.pth')['state_dict'] for folder in (trained[0], work_dir))
    assert all(torch.equal(value, resumed[key]) for key, value in whole.items())


def test_resume_passes_over_a_cut_checkpoint(trained, tiny_config, run, tmp_path):
    work_dir = tmp_path / 'cut'
    begun(trained, work_dir)
    cut = work_dir / 'epoch_2.pth'
    cut.write_bytes((trained[0] / 'epoch_2.pth').read_bytes()[:-3000])
    (work_dir / 'last_checkpoint').write_text(str(cut))
    refused = run('train.py', tiny_config, '--work-dir', work_dir, '--resume', cut, cwd=tmp_path, status=2)
    assert f'use a complete one beside it:\n    {work_dir}/epoch_1.pth' in refused.stdout
    done = run('train.py', tiny_config, '--work-dir', work_dir, '--resume', cwd=tmp_path)
    assert f'passed over: {cut}: is cut off' in done.stdout
    assert f'continues from {work_dir}/epoch_1.pth, the newest complete checkpoint' in done.stdout
    assert 'resumed epoch: 1, iter: 4' in done.stdout


def test_more_epochs_than_the_schedule_has(trained, tiny_config, run, tmp_path):
    work_dir = tmp_path / 'longer'
    work_dir.mkdir()
    shutil.copy2(trained[0] / 'epoch_2.pth', work_dir)
    longer = 'train.py', tiny_config, '--work-dir', work_dir, '--resume', '--cfg-options', 'train_cfg.max_epochs=3'
    refused = run(*longer, cwd=tmp_path, status=2)
    assert 'has ended, so the rest of the run would have its last rate (learning rate 8e-09)' in refused.stdout
    assert 'OneCycleLR ends after 8 iterations in the checkpoint, 12 in the config' in refused.stdout
    done = run(*longer, '--new-schedule', cwd=tmp_path)
    assert 'new schedule: goes on with lr' in done.stdout
    assert 'done: 3 epochs, 12 iterations' in done.stdout


@pytest.mark.parametrize(
    ('given', 'again'),
    [
        ('train.py c.py', 'python train.py c.py --work-dir /w --resume'),
        ('train.py c.py --resume a.pth --work-dir x --seed 3', 'python train.py c.py --work-dir x --seed 3 --resume'),
        (
            'train.py c.py --resume --new-schedule --cfg-options a=1',
            'python train.py c.py --cfg-options a=1 --work-dir /w --resume',
        ),
    ],
)
def test_command_that_continues(given, again, monkeypatch):
    from mmirstd.cli.train import parse_args, resume_command

    program, *words = given.split()
    monkeypatch.setattr(sys, 'argv', [program, *words])
    assert resume_command(words, parse_args(words), '/w') == again
    monkeypatch.setattr(sys, 'argv', ['/venv/bin/mmirstd', 'train', *words])
    assert resume_command(['train', *words], parse_args(words), '/w') == again.replace(
        'python train.py', 'mmirstd train'
    )


def test_a_last_batch_of_one_image_is_left_out_where_batch_norm_needs_more(tiny_data, run, tmp_path):
    options = [
        f'data_root={tiny_data}',
        'trainval=img_idx/train_TINY.txt',
        'crop_size=32',
        'train_cfg.max_epochs=1',
        'train_dataloader.batch_size=4',
        'train_dataloader.dataset.holdout.num=3',
        'val_dataloader.dataset.holdout.num=3',
    ]
    config = REPO / 'configs' / 'acm' / 'acm_cpu-b8-45e_nudt-sirst-663-664.py'
    done = run('train.py', config, '--cfg-options', *options, cwd=tmp_path)
    assert done.stdout.count('13 images in batches of 4 leave a last batch of one, and batch norm neck.fusions') == 1
    assert 'done: 1 epochs, 3 iterations' in done.stdout
    refused = run(
        'train.py', config, '--cfg-options', *options, 'train_dataloader.batch_size=1', cwd=tmp_path, status=2
    )
    assert 'cure: train_dataloader.batch_size=2 or more' in refused.stdout
    assert 'Traceback' not in refused.stdout
