"""Commands on a GPU: infer, and trainings that go on on another device."""

from __future__ import annotations

import csv
import os
import subprocess
from pathlib import Path

import pytest
import torch

from mmirstd.cli import infer
from mmirstd.cli.speed_infer import write_inputs
from mmirstd.utils.commands import python_path, python_program
from tests.tiny_training import tiny_config_text, write_tiny_data

pytestmark = pytest.mark.gpu


def test_infer_finds_on_images_and_a_video_what_it_finds_on_the_cpu(tmp_path: Path, device: torch.device) -> None:
    files, video = write_inputs(tmp_path, 3, (128, 160))
    found = []
    for number, name in enumerate(('cpu', str(device))):
        out = tmp_path / f'out{number}'
        words = ['ggl-net-tiny_general', str(files[0].parent), str(video), '--out', str(out), '--quiet']
        assert infer.main([*words, '--device', name, '--backend', 'torch']) in (0, None)
        with (out / 'targets.csv').open(newline='') as table:
            found.append(list(csv.DictReader(table)))
    here, there = found
    assert len(here) == len(there) > 3
    for a, b in zip(here, there):
        assert (a['source'], a['frame']) == (b['source'], b['frame'])
        for key, tolerance in dict(x=0.05, y=0.05, peak=1e-3).items():  # pixels, probability
            assert abs(float(a[key]) - float(b[key])) < tolerance


def test_a_training_goes_on_on_the_other_device(tmp_path: Path, device: torch.device) -> None:
    """An epoch on the CPU, one on the GPU, one on the CPU again."""
    config = tmp_path / 'config.py'
    config.write_text(tiny_config_text(write_tiny_data(tmp_path / 'data')))
    for epoch, kind in enumerate(('cpu', device.type, 'cpu'), 1):
        words = ['train', str(config), '--work-dir', str(tmp_path / 'work'), '--worst', '0']
        if epoch > 1:
            words += ['--resume', '--new-schedule']
        hidden = {'CUDA_VISIBLE_DEVICES': ''} if kind == 'cpu' else {}
        done = subprocess.run(
            [*python_program(), *words, '--cfg-options', f'train_cfg.max_epochs={epoch}'],
            env={**os.environ, 'PYTHONPATH': python_path(), **hidden},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        saved = torch.load(tmp_path / 'work' / f'epoch_{epoch}.pth', map_location='cpu', weights_only=False)
        assert saved['meta']['epoch'] == epoch
        assert all(torch.isfinite(value).all() for value in saved['state_dict'].values())
