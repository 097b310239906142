"""normalize='robust': gain and offset of the camera, single bad pixels and flat scenes do not matter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmirstd.datasets.gray_normalization import (
    NOISE_SPAN,
    GrayNormalization,
    automatic_way,
    normalize,
    robust_range,
)
from mmirstd.datasets.synthetic import SceneConfig, render_scene


@pytest.fixture(scope='module')
def scene() -> np.ndarray:
    """(128, 128) float32, from 0 to 1."""
    image = render_scene(SceneConfig(size=(128, 128)), np.random.default_rng(5)).image.astype(np.float32)
    return (image - image.min()) / np.ptp(image)


@settings(max_examples=25, deadline=None)
@given(gain=st.floats(0.01, 100), offset=st.floats(-50, 50))
def test_gain_and_offset_of_floats(scene: np.ndarray, gain: float, offset: float) -> None:
    changed = (scene.astype(np.float64) * gain + offset).astype(np.float32)
    # Two roundings of values of this size, each as wide as a step of float32, over the range that becomes 0..1.
    step = 4 * np.finfo(np.float32).eps * np.abs(changed).max() / (gain * np.ptp(scene))
    np.testing.assert_allclose(
        normalize(changed, 'robust'), normalize(scene, 'robust'), atol=NOISE_SPAN * step + 1e-5, rtol=0
    )


def test_codes_of_a_small_gain(scene: np.ndarray) -> None:
    """A twentieth of 14 bits, anywhere in it, against all of it: half a code of the smaller range."""
    small = np.round(9000 + scene * 16383 / 20).astype(np.uint16)
    full = np.round(scene * 16383).astype(np.uint16)
    low, high = robust_range(small)
    np.testing.assert_allclose(normalize(small, 'robust'), normalize(full, 'robust'), atol=5 / (high - low), rtol=0)


def test_a_hot_and_a_dead_pixel_change_nothing_else(scene: np.ndarray) -> None:
    raw = np.round(4000 + scene * 1000).astype(np.uint16)
    before = normalize(raw, 'robust')
    bad = raw.copy()
    bad[40, 50], bad[90, 20] = 16383, 0
    after = normalize(bad, 'robust')
    others = np.ones(raw.shape, bool)
    others[[40, 90], [50, 20]] = False
    np.testing.assert_allclose(after[others], before[others], atol=0.02)
    assert (after[40, 50], after[90, 20]) == (1, 0)
    assert np.ptp(normalize(bad, 'minmax')[others]) < 0.1 < np.ptp(after[others])


def test_noise_is_not_stretched() -> None:
    noise = np.round(8000 + np.random.default_rng(0).normal(0, 3, (128, 128))).astype(np.uint16)
    seen = normalize(noise, 'robust')
    assert seen.std() < 1.5 / NOISE_SPAN
    assert abs(float(seen.mean()) - 0.5) < 0.05


@pytest.mark.parametrize('value', [0, 77, 255])
def test_a_constant_image(value: int) -> None:
    seen = normalize(np.full((16, 16), value, np.uint8), 'robust')
    np.testing.assert_array_equal(seen, np.float32(0.5))


def test_frames_of_a_clip_get_one_range(scene: np.ndarray) -> None:
    clip = np.stack([scene, scene + 1, scene - 1, scene, scene], axis=-1)
    low, high = robust_range(clip)
    assert low == pytest.approx(robust_range(scene - 1)[0], abs=1e-5)
    assert high == pytest.approx(robust_range(scene + 1)[1], abs=1e-5)


@pytest.mark.parametrize(
    ('convert', 'way'),
    [
        (lambda scene: np.rint(scene * 255).astype(np.uint8), 'fixed'),
        (lambda scene: np.rint(scene * 200 + 7000).astype(np.uint16), 'robust'),
        (lambda scene: np.rint(scene * 65535).astype(np.uint16), 'robust'),
        (lambda scene: scene, 'fixed'),
        (lambda scene: scene * np.float32(40) + np.float32(270), 'robust'),
        (lambda scene: scene - np.float32(0.5), 'robust'),
    ],
    ids=['8 bit', '14 bit', '16 bit', 'floats 0..1', 'kelvin', 'negative'],
)
def test_auto_stretches_raw_files_alone(scene: np.ndarray, convert, way: str) -> None:
    image = convert(scene)
    assert automatic_way(image) == way
    np.testing.assert_array_equal(normalize(image, 'auto'), normalize(image, way))
    loader = GrayNormalization('auto')
    assert loader.stretched_by_itself(image) == (way == 'robust')
    assert not loader.divides_by_code
    assert not GrayNormalization('robust').stretched_by_itself(image)  # as asked for: nothing to tell
