from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmirstd.tracking import CameraMotionEstimator


def ground(seed: int = 0, side: int = 320) -> np.ndarray:
    """Smooth random structure, (side, side) float32."""
    noise = np.random.default_rng(seed).normal(0, 1, (side, side)).astype(np.float32)
    image = cv2.GaussianBlur(noise, (0, 0), 3)
    return (image - image.min()) * (200 / np.ptp(image))


def view(image: np.ndarray, x: float, y: float, angle: float = 0.0, size: int = 200) -> np.ndarray:
    """The camera's image with its center at (x, y), turned by an angle in degrees."""
    matrix = cv2.getRotationMatrix2D((x, y), angle, 1)
    matrix[:, 2] += size / 2 - np.array([x, y])
    return cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_CUBIC)


def place(frame: np.ndarray, other: np.ndarray) -> np.ndarray:
    estimator = CameraMotionEstimator()
    assert not estimator(frame).matrix[:, 2].any()
    motion = estimator(other)
    assert motion.known
    return motion.move(np.array([[100.0, 100.0]]))[0]


@pytest.mark.parametrize('step', [(0.4, -0.3), (3.0, 2.0), (-12.0, 9.0)])
def test_shift(step: tuple[float, float]) -> None:
    image = ground()
    moved = place(view(image, 160, 160), view(image, 160 + step[0], 160 + step[1]))
    np.testing.assert_allclose(moved, 100 - np.array(step), atol=0.1)


def test_rotation() -> None:
    image = ground()
    estimator = CameraMotionEstimator()
    estimator(view(image, 160, 160))
    motion = estimator(view(image, 160, 160, 2))
    # cv2's angle is counterclockwise; y goes down
    turn = np.deg2rad(2)
    expected = 100 + 50 * np.array([np.cos(turn), -np.sin(turn)])
    np.testing.assert_allclose(motion.move(np.array([[150.0, 100.0]]))[0], expected, atol=0.2)


def test_16_bits_and_large_frames() -> None:
    image = ground(side=1500)
    frame, other = (np.uint16(view(image, 750 + k, 750, size=1300) * 30 + 5000) for k in (0, 5))
    np.testing.assert_allclose(place(frame, other), (95, 100), atol=0.2)


def test_moving_objects_do_not_count() -> None:
    image = ground()
    frame, other = view(image, 160, 160), view(image, 158, 160)
    for k in range(6):
        for picture, shift in ((frame, 0), (other, 9)):
            cv2.circle(picture, (30 + 25 * k, 60 + shift), 3, 255, -1)
    np.testing.assert_allclose(place(frame, other), (102, 100), atol=0.15)


def test_a_jump_is_lost_and_then_it_goes_on() -> None:
    first, second = ground(1), ground(2)
    estimator = CameraMotionEstimator()
    motions = [estimator(view(first, 160 + k, 160)) for k in range(3)]
    motions += [estimator(view(second, 160 + k, 160)) for k in range(3)]
    assert [motion.lost for motion in motions] == [False, False, False, True, False, False]
    assert [motion.known for motion in motions[1:]] == [True, True, False, True, True]


def test_without_structure_the_motion_is_not_known_and_nothing_is_lost() -> None:
    estimator = CameraMotionEstimator()
    rng = np.random.default_rng(0)
    motions = [estimator(np.full((64, 64), 7, np.uint8)) for _ in range(2)]
    motions += [estimator(rng.normal(100, 3, (64, 64)).astype(np.float32)) for _ in range(5)]
    assert not any(motion.lost for motion in motions)
    assert not any(motion.known for motion in motions[1:])
    assert all(np.array_equal(motion.matrix, np.eye(2, 3)) for motion in motions)


def test_an_unknown_motion_is_the_last_one() -> None:
    image = ground()
    estimator = CameraMotionEstimator()
    for k in range(3):
        known = estimator(view(image, 160 + 2 * k, 160))
    blind = estimator(np.zeros((200, 200), np.uint8))
    assert (known.known, blind.known) == (True, False)
    np.testing.assert_array_equal(blind.matrix, known.matrix)


def test_reset_forgets_the_frame_before() -> None:
    estimator = CameraMotionEstimator()
    estimator(view(ground(1), 160, 160))
    estimator.reset()
    motion = estimator(view(ground(2), 160, 160))
    assert not motion.lost


@pytest.mark.parametrize('shape', [(1, 64), (64, 1), (1, 1), (2, 3)])
def test_of_lines_and_points_no_motion_is_known(shape: tuple[int, int]) -> None:
    estimator = CameraMotionEstimator()
    frames = np.random.default_rng(0).integers(0, 255, (3, *shape), dtype=np.uint8)
    found = [estimator(frame) for frame in frames]
    assert not any(motion.known or motion.lost for motion in found[1:])
