from __future__ import annotations

import numpy as np
import pytest

from mmirstd.tracking.camera_motion import CameraMotion
from mmirstd.tracking.kalman import ConstantVelocity

STILL = CameraMotion.still()


def filtered(points: np.ndarray, motion: CameraMotion = STILL) -> ConstantVelocity:
    point = ConstantVelocity(points[0], 0.5, 2.5, 0.1)
    for each in points[1:]:
        point.predict(1, motion)
        point.correct(each)
    return point


def test_a_straight_way_is_learned() -> None:
    way = np.array([10.0, 20.0]) + np.arange(40)[:, None] * (1.5, -0.5)
    point = filtered(way)
    np.testing.assert_allclose(point.velocity, (1.5, -0.5), atol=1e-2)
    point.predict(3, STILL)
    np.testing.assert_allclose(point.position, way[-1] + np.multiply(3, (1.5, -0.5)), atol=0.1)


def test_noise_is_smoothed() -> None:
    rng = np.random.default_rng(0)
    way = np.arange(300)[:, None] * np.array([1.0, 0.0])
    errors = []
    point = ConstantVelocity(way[0], 0.5, 2.5, 0.02)
    for place in way[1:]:
        point.predict(1, STILL)
        point.correct(place + rng.normal(0, 0.5, 2))
        errors.append(point.position - place)
    # a filter that takes each detection as it is has the noise's 0.5
    assert np.std(errors[50:]) < 0.25


def test_covariance_stays_symmetric_and_positive() -> None:
    point = filtered(np.random.default_rng(0).normal(0, 1, (500, 2)))
    np.testing.assert_array_equal(np.round(point.covariance - point.covariance.T, 12), 0)
    assert np.linalg.eigvalsh(point.covariance).min() > 0


def test_two_steps_are_one_of_twice_the_time() -> None:
    once, twice = (filtered(np.arange(12.0).reshape(6, 2)) for _ in range(2))
    once.predict(2, STILL)
    for _ in range(2):
        twice.predict(1, STILL)
    np.testing.assert_allclose(once.state, twice.state)
    np.testing.assert_allclose(once.covariance, twice.covariance)


def test_velocity_is_over_the_background() -> None:
    # the camera turns by 90 degrees about the origin: what went to the right goes down
    point = filtered(np.arange(40)[:, None] * np.array([1.0, 0.0]))
    point.predict(1, CameraMotion(np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0]])))
    np.testing.assert_allclose(point.velocity, (0, 1), atol=1e-2)
    np.testing.assert_allclose(point.position, (0, 40), atol=0.1)


def test_a_camera_that_drifts_gives_a_still_point_no_velocity() -> None:
    drift = CameraMotion(np.array([[1.0, 0.0, 3.0], [0.0, 1.0, -1.0]]))
    point = filtered(np.arange(20)[:, None] * np.array([3.0, -1.0]), drift)
    assert np.hypot(*point.velocity) == pytest.approx(0, abs=1e-9)
