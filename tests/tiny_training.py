"""A tiny generated data set and a config on it, which train in a second."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

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


def write_tiny_data(root: Path) -> Path:
    """Sixteen training, four validation and four test images of 32x32, one bright 5x5 target each."""
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


def tiny_config_text(data: Path, norm: str = "dict(type='BN')") -> str:
    """A config for a GGL-Net of four base channels on that data set."""
    text = CONFIG.format(repo=REPO.as_posix(), data=data.as_posix(), norm=norm)
    # 32-pixel crops: the pipeline is a list, which a child config can only replace as a whole
    text += (
        "\n_pipeline = [dict(type='mmirstd.LoadInfraredImage'), dict(type='mmirstd.LoadTargetMask'),\n"
        "             dict(type='RandomFlip', prob=0.5), dict(type='PackSegInputs')]\n"
        "train_dataloader['dataset']['pipeline'] = _pipeline\n"
    )
    return text
