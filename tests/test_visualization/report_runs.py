"""Small generated runs for the tests of the report."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from mmirstd.evaluation.prediction_dump import DumpWriter, write_index

SHAPE = (72, 96)


def scene(rng: np.random.Generator, quality: float, shape: tuple[int, int] = SHAPE) -> tuple[np.ndarray, ...]:
    """A probability map, mask and image with up to three targets and some clutter.

    Args:
        rng: Where the scene comes from; consumed alike for every quality.
        quality: 0 to 1, how well the map fits the mask.
        shape: Height and width.
    """
    mask, score = np.zeros(shape, np.uint8), np.zeros(shape, np.float32)
    noise = cv2.GaussianBlur(rng.random(shape), (0, 0), 4)
    score += np.float32(0.35 - 0.2 * quality) * (noise - noise.min()) / np.ptp(noise)
    for _ in range(int(rng.integers(0, 4))):
        row, column = (int(rng.integers(8, side - 8)) for side in shape)
        height, width = (int(value) for value in rng.integers(2, 7, 2))
        mask[row : row + height, column : column + width] = 1
        strength, shift, exact = rng.random(3)
        peak = 0.25 + 0.74 * max(strength, quality * 0.9)
        move = 0 if exact < 0.3 + 0.3 * quality else int(5 * shift * (1.2 - quality))
        part = score[row + move : row + move + height, column : column + width]
        part[...] = np.float32(peak)
        part[0] *= 0.55 if move else 1
    for _ in range(int(rng.integers(0, 3))):
        row, column = (int(rng.integers(4, side - 4)) for side in shape)
        peak = rng.random()
        if peak > quality * 0.6:
            score[row : row + 2, column : column + 3] = np.maximum(
                score[row : row + 2, column : column + 3], np.float32(peak)
            )
    clouds = cv2.GaussianBlur(rng.standard_normal(shape), (0, 0), 3)
    image = 4000 + 600 * clouds + rng.normal(0, 20, shape) + 900.0 * mask
    return np.clip(score, 0, 1), mask, image.astype(np.uint16)


def write_run(
    folder: Path,
    images: int = 12,
    quality: float = 0.5,
    names: list[str] | None = None,
    seed: int = 0,
    shape: tuple[int, int] = SHAPE,
    **record: object,
) -> Path:
    """Write a dump; runs of one seed have the same images and masks."""
    writer, entries = DumpWriter(folder), []
    for index in range(images):
        name = names[index] if names else f'scene{index:03d}'
        entries.append(writer.write(name, *scene(np.random.default_rng([seed, index]), quality, shape)))
    write_index(folder, entries)
    if record:
        (folder / 'metrics.json').write_text(json.dumps(record))
    return folder
