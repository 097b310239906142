"""Which images PAL begins with, and which join."""

from __future__ import annotations

import numpy as np
import pytest

from mmirstd.datasets.points.admission import admitted_label
from mmirstd.datasets.points.easy_targets import easy_label

from .golden import CASES, recorded


@pytest.mark.parametrize('case', CASES)
def test_easy_images_equal_the_official_code(case: int) -> None:
    label = easy_label(recorded(f'easy_image_{case}'), recorded(f'easy_points_{case}'))
    assert (label is not None) == recorded(f'easy_{case}')
    if label is not None:
        np.testing.assert_array_equal(label, recorded(f'easy_label_{case}'))


@pytest.mark.parametrize('case', CASES)
@pytest.mark.parametrize('missed', [0.2, 0.5, 0.9])
def test_admission_equals_the_official_code(case: int, missed: float) -> None:
    probability = recorded(f'admission_probability_{case}') / 255
    points = recorded(f'admission_points_{case}')
    label = admitted_label(probability, points, missed, 1.0 if missed == 0.9 else 5.0)
    assert (label is not None) == recorded(f'admission_{case}_{missed}')
    if label is not None:
        np.testing.assert_array_equal(label, recorded(f'admission_label_{case}'))


def test_images_without_points() -> None:
    nothing = np.zeros((0, 2), np.int64)
    assert not easy_label(np.full((20, 20), 90, np.uint8), nothing).any()
    assert not admitted_label(np.full((20, 20), 0.9), nothing, 0.0).any()


def test_points_at_the_border() -> None:
    corner = np.array([[0, 0], [19, 19]])
    assert easy_label(np.full((20, 20), 90, np.uint8), corner) is None
    label = admitted_label(np.zeros((20, 20)), corner, 1.0)
    np.testing.assert_array_equal(np.argwhere(label), corner)


def test_too_many_false_targets_keep_an_image_out() -> None:
    probability = np.zeros((30, 30))
    probability[::4, ::4] = 1
    points = np.array([[0, 0]])
    assert admitted_label(probability, points, 0.0, false_per_point=5) is None
    assert admitted_label(probability, points, 0.0, false_per_point=100).sum() == 1
