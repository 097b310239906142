"""The camera's motion between frames, against generated sequences whose camera is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmirstd.datasets.frame_alignment import LEAST_SIDE, correlation, estimate_motion, warp
from mmirstd.datasets.synthetic import SceneConfig, SequenceConfig, render_scene, render_sequence

SIZE = (160, 192)


def residual(found: np.ndarray, truth: np.ndarray, size: tuple[int, int] = SIZE) -> float:
    """The largest error in pixels, at nine places of the frame."""
    height, width = size
    places = np.array([[x, y, 1.0] for x in (0, width / 2, width - 1) for y in (0, height / 2, height - 1)])
    first, second = places @ found.T, places @ truth.T
    return float(np.linalg.norm(first[:, :2] / first[:, 2:] - second[:, :2] / second[:, 2:], axis=1).max())


def scene(seed: int, size: tuple[int, int]) -> np.ndarray:
    """A generated image with clouds or ground."""
    return render_scene(
        SceneConfig(size=size, backgrounds={'cloud': 1, 'ground': 1}), np.random.default_rng(seed)
    ).image


@pytest.mark.parametrize(('method', 'drift', 'bound'), [('ecc', 0.5, 0.25), ('ecc', 4.0, 0.25), ('features', 4.0, 0.8)])
def test_a_drifting_camera(method: str, drift: float, bound: float) -> None:
    """Clouds and ground; waves of a sea move themselves."""
    config = SequenceConfig(
        scene=SceneConfig(size=SIZE, backgrounds={'cloud': 1, 'ground': 1}), num_frames=3, drift=(drift, drift)
    )
    errors = []
    for seed in (0, 1, 2):
        sequence = render_sequence(config, np.random.default_rng(seed), 3)
        for step in (0, 1):
            past, now = (sequence.frames[step + k].image for k in (0, 1))
            truth = np.eye(3)
            truth[:2, 2] = sequence.camera[step + 1] - sequence.camera[step]
            found = estimate_motion(past, now, method)
            errors.append(residual(np.eye(3) if found is None else found, truth))
    assert np.median(errors) < bound


@pytest.mark.parametrize('method', ['ecc', 'features'])
@pytest.mark.parametrize(
    ('motion', 'degrees', 'zoom', 'tilt'), [('affine', 1.0, 1.01, 0.0), ('homography', 0.5, 1.0, 2e-4)]
)
def test_turn_zoom_and_tilt(method: str, motion: str, degrees: float, zoom: float, tilt: float) -> None:
    height, width = SIZE
    angle, center = np.deg2rad(degrees), np.array([width / 2, height / 2])
    truth = np.eye(3)
    truth[:2, :2] = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    truth[:2, 2] = center - truth[:2, :2] @ center + [2.3, -1.7]
    truth[2, :2] = tilt, -tilt / 2
    errors = []
    for seed in (3, 4, 5):
        large = scene(seed, (height + 100, width + 100)).astype(np.float32)
        past = large[50:-50, 50:-50]
        inside = np.array([[1, 0, 50], [0, 1, 50], [0, 0, 1.0]])
        now = cv2.warpPerspective(large, inside @ truth, (width, height), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)
        found = estimate_motion(past, now, method, motion)
        assert found is not None
        errors.append(residual(found, truth))
    assert residual(np.eye(3), truth) > 3
    assert np.median(errors) < (0.5 if method == 'ecc' else 1.0)


def test_a_shift_is_not_taken_for_more() -> None:
    """A freer motion is fitted to noise at the frame's corners."""
    large, rng = scene(6, (SIZE[0] + 8, SIZE[1] + 8)).astype(np.float32), np.random.default_rng(0)
    noise = 0.1 * large.std()
    past, now = (
        large[4 + k : 4 + k + SIZE[0], 4 : 4 + SIZE[1]] + rng.normal(0, noise, SIZE).astype(np.float32) for k in (0, 3)
    )
    found = estimate_motion(past, now, motion='homography')
    np.testing.assert_array_equal(found[:2, :2], np.eye(2))
    np.testing.assert_allclose(found[:2, 2], [0, 3], atol=0.3)


def test_a_large_frame_is_reduced() -> None:
    large = scene(7, (330, 330))
    found = estimate_motion(large[:300, :300], large[10:310, 20:320], max_side=100)
    np.testing.assert_allclose(found[:2, 2], [20, 10], atol=1.0)
    np.testing.assert_allclose(found[:2, :2], np.eye(2), atol=1e-9)


@pytest.mark.parametrize('method', ['ecc', 'features'])
class TestNoEstimate:
    def test_a_flat_sky(self, method: str) -> None:
        assert estimate_motion(np.full(SIZE, 7, np.uint8), np.full(SIZE, 7, np.uint8), method) is None

    def test_noise(self, method: str) -> None:
        first, second = (np.random.default_rng(seed).normal(100, 5, SIZE).astype(np.float32) for seed in (0, 1))
        assert estimate_motion(first, second, method) is None

    def test_a_gradient_with_noise(self, method: str) -> None:
        """The brightness of a clear sky is the same wherever the camera looks."""
        sky = np.linspace(50, 200, SIZE[0])[:, None]
        first, second = (sky + np.random.default_rng(seed).normal(0, 3, SIZE) for seed in (0, 1))
        assert estimate_motion(first, second, method) is None

    def test_another_place(self, method: str) -> None:
        assert estimate_motion(scene(8, SIZE), scene(9, SIZE), method) is None

    @pytest.mark.parametrize('size', [(1, 1), (3, 40), (LEAST_SIDE - 1, 64), (LEAST_SIDE, LEAST_SIDE)])
    def test_a_tiny_frame(self, method: str, size: tuple[int, int]) -> None:
        frame = np.random.default_rng(0).integers(0, 255, size).astype(np.uint8)
        found = estimate_motion(frame, frame, method)
        assert found is None or residual(found, np.eye(3), size) < 0.5


def test_warp_fills_what_was_not_seen() -> None:
    image, key = np.full((8, 8), 2.0, np.float32), np.full((8, 8), 9.0, np.float32)
    motion = np.array([[1, 0, 3], [0, 1, 0], [0, 0, 1.0]])  # the camera went to the right
    assert np.array_equal(warp(image, motion), image)
    filled = warp(image, motion, key)
    assert (filled[:, :4] == 2).all()
    assert (filled[:, 6:] == 9).all()
    assert (warp(image, motion, 0.0, cv2.INTER_NEAREST)[:, 5:] == 0).all()
    assert correlation(key, key, motion) == 0


def test_warp_brings_a_target_to_its_place() -> None:
    image = np.zeros((9, 9), np.float32)
    image[4, 6] = 1
    assert warp(image, np.array([[1, 0, 3], [0, 1, 1], [0, 0, 1.0]]))[3, 3] == pytest.approx(1)


@pytest.mark.parametrize('blur', [12, 30])
def test_soft_clouds(blur: int) -> None:
    """Coarse structure alone: what a blur makes up beyond the border does not hold the frames in place."""
    rng = np.random.default_rng(blur)
    clouds = cv2.GaussianBlur(rng.standard_normal((360, 360)).astype(np.float32), (0, 0), blur)
    clouds *= 0.1 / clouds.std()
    past, now = clouds[50:306, 50:306], clouds[52:308, 53:309]
    found = estimate_motion(past, now)
    assert found is not None
    truth = np.array([[1, 0, 3], [0, 1, 2], [0, 0, 1.0]])
    assert residual(found, truth, past.shape) < 0.5
