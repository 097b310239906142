"""A tiny data set on disk."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np


def write(path: Path, array: np.ndarray) -> Path:
    """Write an image and be sure that it was written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), array), path
    return path


def scene(seed: int, height: int = 40, width: int = 56) -> tuple[np.ndarray, np.ndarray]:
    """An 8-bit noise image and a 0/255 mask with one target of 3x2 pixels."""
    rng = np.random.default_rng(seed)
    image = rng.integers(20, 120, (height, width), np.uint8)
    mask = np.zeros((height, width), np.uint8)
    y, x = rng.integers(0, height - 3), rng.integers(0, width - 2)
    image[y : y + 3, x : x + 2] = 250
    mask[y : y + 3, x : x + 2] = 255
    return image, mask


def make_root(
    root: Path, ids: list[str], mask_stem: str = '', suffix: str = '.png', split: str = 'img_idx/train.txt'
) -> Path:
    """images/, masks/ and a split file."""
    for seed, name in enumerate(ids):
        image, mask = scene(seed)
        write(root / 'images' / f'{name}{suffix}', image)
        write(root / 'masks' / f'{name}{mask_stem}.png', mask)
    path = root / split
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('\n'.join(ids))
    return root
