"""A tiny generated data set, a config on it, and a way to run the real tools."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.shared import REPO

SIDE = 32

CONFIG = """
_base_ = [
    '{repo}/configs/_base_/models/ggl-net-tiny.py',
    '{repo}/configs/_base_/datasets/sirst_pipelines.py',
    '{repo}/configs/_base_/schedules/cpu_adamw-onecycle.py',
    '{repo}/configs/_base_/default_runtime.py',
]
data_root = '{data}'
train_dataloader = dict(
    batch_size=4, num_workers=0, persistent_workers=False,
    dataset=dict(data_root=data_root, ann_file='img_idx/train_TINY.txt'))
val_dataloader = dict(
    num_workers=0, persistent_workers=False, dataset=dict(data_root=data_root, ann_file='img_idx/val_TINY.txt'))
test_dataloader = dict(
    num_workers=0, persistent_workers=False, dataset=dict(data_root=data_root, ann_file='img_idx/test_TINY.txt'))
model = dict(
    backbone=dict(base_channels=4, norm_cfg={norm}),
    neck=dict(in_channels=[4, 8, 16, 32, 64], ratio=2, norm_cfg={norm}),
    decode_head=dict(in_channels=4, channels=4))
default_hooks = dict(logger=dict(interval=1))
custom_hooks = [
    dict(type='mmirstd.ChannelsLastHook'), dict(type='EMAHook', momentum=0.1, update_buffers=True)]
train_cfg = dict(max_epochs=2, val_interval=1)
"""

Run = Callable[..., subprocess.CompletedProcess]


@pytest.fixture(scope='session')
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen training, four validation and four test images of 32x32, one bright 5x5 target each."""
    root = tmp_path_factory.mktemp('data') / 'TINY'
    rng = np.random.default_rng(0)
    for folder in ('images', 'masks', 'img_idx'):
        (root / folder).mkdir(parents=True)
    names = [f'scene{i:03d}' for i in range(24)]
    for name in names:
        image = cv2.GaussianBlur(rng.normal(90, 40, (SIDE, SIDE)), (0, 0), 3)
        mask = np.zeros((SIDE, SIDE), np.uint8)
        y, x = rng.integers(4, SIDE - 4, 2)
        mask[y - 2 : y + 3, x - 2 : x + 3] = 255
        image[mask > 0] += 120
        cv2.imwrite(str(root / 'images' / f'{name}.png'), np.clip(image, 0, 255).astype(np.uint8))
        cv2.imwrite(str(root / 'masks' / f'{name}.png'), mask)
    for split, part in dict(train=names[:16], val=names[16:20], test=names[20:]).items():
        (root / 'img_idx' / f'{split}_TINY.txt').write_text('\n'.join(part) + '\n')
    return root


@pytest.fixture(scope='session')
def make_config(tmp_path_factory: pytest.TempPathFactory, tiny_data: Path) -> Callable[..., Path]:
    """Write a config for a GGL-Net of four base channels; ``extra`` is appended to it."""

    def make(name: str = 'tiny', extra: str = '', norm: str = "dict(type='BN')") -> Path:
        path = tmp_path_factory.mktemp('config') / f'{name}.py'
        text = CONFIG.format(repo=REPO.as_posix(), data=tiny_data.as_posix(), norm=norm)
        # 32-pixel crops: the pipeline is a list, which a child config can only replace as a whole
        text += (
            "\n_pipeline = [dict(type='mmirstd.LoadInfraredImage'), dict(type='mmirstd.LoadTargetMask'),\n"
            "             dict(type='RandomFlip', prob=0.5), dict(type='PackSegInputs')]\n"
            "train_dataloader['dataset']['pipeline'] = _pipeline\n"
        )
        path.write_text(text + extra)
        return path

    return make


@pytest.fixture(scope='session')
def tiny_config(make_config: Callable[..., Path]) -> Path:
    """The config of most tests."""
    return make_config()


@pytest.fixture(scope='session')
def run() -> Run:
    """Run a command of the tools folder in a directory; output of both streams in ``stdout``."""

    def call(tool: str, *args: object, cwd: Path, status: int | None = 0) -> subprocess.CompletedProcess:
        script = str(REPO / 'tools' / tool)
        command = ['bash', script] if tool.endswith('.sh') else [sys.executable, script]
        environ = {**os.environ, 'OMP_NUM_THREADS': '1', 'PYTHON': sys.executable}
        done = subprocess.run(
            [*command, *map(str, args)],
            cwd=cwd,
            env=environ,
            text=True,
            timeout=240,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert status is None or done.returncode == status, done.stdout[-4000:]
        return done

    return call


@pytest.fixture(scope='session')
def trained(run: Run, tiny_config: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Two epochs by ``tools/train.py``, started elsewhere: the work dir and the output."""
    elsewhere = tmp_path_factory.mktemp('elsewhere')
    done = run('train.py', tiny_config, cwd=elsewhere)
    return elsewhere / 'work_dirs' / 'tiny', done.stdout
