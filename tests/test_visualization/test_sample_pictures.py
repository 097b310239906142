from __future__ import annotations

import numpy as np
import pytest

from mmirstd.visualization import COLORS
from mmirstd.visualization.sample_pictures import PANEL, describe_sample, sample_picture


def has_color(picture: np.ndarray, name: str) -> bool:
    return bool((picture == COLORS[name]).all(axis=-1).any())


def test_one_pixel_target_is_marked_and_magnified():
    image, mask = np.random.default_rng(0).random((900, 700), np.float32), np.zeros((900, 700), np.uint8)
    mask[450, 350] = 1
    picture = sample_picture(image, mask, 'x')
    assert picture.shape[1] == PANEL
    assert has_color(picture[20 : 20 + PANEL], 'ground truth')
    assert has_color(picture[20 + PANEL :], 'ground truth')
    assert not has_color(picture, 'false alarm')
    assert not has_color(sample_picture(image, mask * 0, 'x'), 'ground truth')


@pytest.mark.parametrize('corner', [(0, 0), (0, 39), (49, 0), (49, 39)])
def test_targets_at_the_edge_and_padding(corner):
    mask = np.zeros((50, 40), np.uint8)
    mask[corner] = 1
    picture = sample_picture(np.random.default_rng(0).random((64, 64), np.float32), mask, 'x')
    assert has_color(picture[20 + PANEL :], 'ground truth')
    assert has_color(picture, 'false alarm')  # the line where the padding begins


def test_describe():
    mask = np.zeros((3, 4), np.uint8)
    assert describe_sample(np.zeros((3, 4)), mask, 'a').endswith('0 targets, 0 px')
    mask[0, :2] = 1
    assert describe_sample(np.ones((3, 4)), mask, 'Misc_1') == 'Misc_1  4x3  [1.00, 1.00]  1 target, 2 px'
    assert describe_sample(np.zeros((3, 4)), None, 'a').endswith('no mask')
