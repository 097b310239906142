from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mmirstd.datasets.gray_normalization import normalize
from mmirstd.datasets.transforms import LoadInfraredImage, RandomGain

SCENE = np.random.default_rng(0).random((40, 50)).astype(np.float32) * 0.6 + 0.3


def stored(image: np.ndarray = SCENE, **options: Any) -> np.ndarray:
    out: np.ndarray = RandomGain(prob=1.0, **options)(dict(img=image))['img']
    return out


def test_eight_bits_arrive_with_the_contrast_and_levels_of_the_gain() -> None:
    np.random.seed(0)
    out = stored(gain=(0.1, 0.1), offset=(0.5, 0.5), bit_depths=[8])
    levels = np.unique(out * 255)
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-4)
    assert len(levels) == 26  # a tenth of 255 steps, rounded
    assert np.ptp(out) == pytest.approx(0.1, abs=1 / 255)
    assert out.min() == pytest.approx(0.45, abs=1 / 255)


@pytest.mark.parametrize('offset', [0.0, 0.7])
def test_fourteen_bits_arrive_stretched_whatever_gain_and_offset(offset: float) -> None:
    """As inference stretches such a file; steps of the codes are what is left of the gain."""
    full = normalize(np.rint((SCENE - SCENE.min()) / np.ptp(SCENE) * 16383).astype(np.uint16), 'auto')
    np.random.seed(0)
    out = stored(gain=(0.1, 0.1), offset=(offset, offset), bit_depths=[14])
    assert np.abs(out - full).max() < 3 / 1638  # half a step, in both ends of the range and in the value


def test_it_is_what_inference_sees_of_the_file() -> None:
    codes = np.rint((SCENE - SCENE.min()) / np.ptp(SCENE) * 0.2 * 16383).astype(np.uint16)
    seen = LoadInfraredImage(normalize='auto')(dict(img=codes))['img']
    out = stored(gain=(0.2, 0.2), offset=(0.0, 0.0), bit_depths=[14])
    assert np.abs(out - seen).max() < 2 / 3276  # float32 may round a code to its neighbor


def test_gains_are_spread_over_the_range_asked_for() -> None:
    np.random.seed(0)
    ranges = np.array([np.ptp(stored(bit_depths=[8])) for _ in range(300)])
    assert 0.04 < ranges.min() < 0.07
    assert 0.9 < ranges.max() <= 1
    assert 0.19 < np.median(ranges) < 0.27  # the geometric middle of 0.05 and 1 is 0.22


def test_a_constant_image_stays_and_a_clip_is_stored_as_one() -> None:
    flat = np.full((20, 20), 0.4, np.float32)
    assert stored(flat) is flat
    clip = np.stack([SCENE, SCENE * 0.5], axis=-1)
    out = stored(clip, bit_depths=[14])
    assert out.shape == clip.shape
    assert out[..., 1].mean() < out[..., 0].mean()


@pytest.mark.parametrize(
    'wrong',
    [dict(prob=-1), dict(gain=(0.0, 1.0)), dict(gain=(0.5, 2.0)), dict(offset=(0.5, 0.2)), dict(bit_depths=[7])],
)
def test_wrong_options(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match='expected'):
        RandomGain(**wrong)
