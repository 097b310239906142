"""The checkpoint of the box for videos, by its name, on what users have: any length, size and bit depth."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from mmirstd.apis import MovingTargetInferencer
from mmirstd.cli.infer import main
from tests.test_apis.helpers import write_image

NAME = 'yolox-bp-nano_drone-ir'


@cache
def inferencer(bit_depth: int | None = None) -> MovingTargetInferencer:
    options = {} if bit_depth is None else dict(bit_depth=bit_depth)
    return MovingTargetInferencer(NAME, device='cpu', load_options=options)


def frames(count: int, height: int = 128, width: int = 160, largest: int = 255) -> list[np.ndarray]:
    """A bright spot that moves by two pixels a frame, on a smooth background with some noise."""
    rows, columns = np.mgrid[:height, :width]
    noise = np.random.default_rng(0)
    made = []
    for k in range(count):
        x, y = place(k)
        spot = 0.45 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 2.2**2))
        image = 0.25 + 0.08 * np.sin(columns / 40) + spot + noise.normal(0, 0.004, rows.shape)
        made.append((image.clip(0, 1) * largest).round().astype(np.uint8 if largest < 256 else np.uint16))
    return made


def place(k: int) -> tuple[float, float]:
    return 60.0 + 2 * k, 50.0 + k


@pytest.mark.parametrize(
    ('count', 'size', 'bits'), [(1, (128, 160), None), (3, (128, 160), None), (2, (512, 640), None), (6, (120, 90), 14)]
)
def test_the_target_is_found_in_every_frame_and_nothing_else(
    tmp_path: Path, count: int, size: tuple[int, int], bits: int | None
) -> None:
    for k, image in enumerate(frames(count, *size, 255 if bits is None else 2**bits - 1)):
        write_image(tmp_path / 'a' / f'{k}.png', image)
    results = list(inferencer(bits).infer(str(tmp_path / 'a')))
    assert [result.frame for result in results] == list(range(count))
    for k, result in enumerate(results):
        [target] = result.targets
        assert np.hypot(target.x - place(k)[0], target.y - place(k)[1]) < 3


def test_raw_codes_of_a_low_gain(tmp_path: Path) -> None:
    """Without an option: they are stretched, though a part of the training had a known depth."""
    for k, image in enumerate(frames(3, largest=800)):
        write_image(tmp_path / 'a' / f'{k}.png', image + np.uint16(3000))
    for k, result in enumerate(inferencer().infer(str(tmp_path / 'a'))):
        [target] = result.targets
        assert np.hypot(target.x - place(k)[0], target.y - place(k)[1]) < 3


def test_a_still_image() -> None:
    [result] = inferencer().infer(frames(1)[0])
    assert len(result.targets) == 1


def test_tracks_right_after_set_up(tmp_path: Path) -> None:
    for k, image in enumerate(frames(7)):
        write_image(tmp_path / 'a' / f'{k}.png', image)
    words = ['--track', '--save', 'csv', '--device', 'cpu', '--quiet']
    assert main([NAME, str(tmp_path / 'a'), *words, '--out', str(tmp_path / 'out')]) == 0
    with (tmp_path / 'out/tracks.csv').open(newline='', encoding='utf-8') as file:
        assert [(row['frame'], row['id']) for row in csv.DictReader(file)] == [(str(k), '1') for k in range(2, 7)]
