"""A small data set without a fault, to which tests add some."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from tests.test_datasets.helpers import write


def scene(seed: int, size: tuple[int, int] = (72, 96)) -> tuple[np.ndarray, np.ndarray]:
    """A structured background, different for each seed, with a bright target of 3x3 pixels away from the border."""
    rng = np.random.default_rng(seed)
    image = cv2.GaussianBlur(rng.normal(0, 1, size).astype(np.float32), (0, 0), 3)
    image = 100 + 12 * image / image.std() + rng.normal(0, 2, size)
    mask = np.zeros(size, np.uint8)
    y, x = rng.integers(20, size[0] - 24), rng.integers(20, size[1] - 24)
    image[y : y + 3, x : x + 3] += 110
    mask[y : y + 3, x : x + 3] = 255
    return np.clip(image, 0, 255).astype(np.uint8), mask


def make_root(root: Path, train: int = 8, test: int = 6) -> Path:
    """images/, masks/, img_idx/train.txt and img_idx/test.txt with the IDs 0, 1, ..."""
    for number in range(train + test):
        image, mask = scene(number)
        write(root / 'images' / f'{number}.png', image)
        write(root / 'masks' / f'{number}.png', mask)
    set_lists(root, range(train), range(train, train + test))
    return root


def set_lists(root: Path, train, test) -> None:
    """Write both lists."""
    (root / 'img_idx').mkdir(exist_ok=True)
    for name, numbers in (('train', train), ('test', test)):
        (root / 'img_idx' / f'{name}.txt').write_text('\n'.join(map(str, numbers)))


def image(root: Path, number: int) -> np.ndarray:
    """An image of the data set."""
    return cv2.imread(str(root / 'images' / f'{number}.png'), cv2.IMREAD_UNCHANGED)


def mask(root: Path, number: int) -> np.ndarray:
    """A mask of the data set."""
    return cv2.imread(str(root / 'masks' / f'{number}.png'), cv2.IMREAD_UNCHANGED)
