from __future__ import annotations

import numpy as np
import pytest

from mmirstd.visualization import COLORS, find_components, zoom_insets

from .helpers import count


def test_three_pixels_become_192(scene):
    image, gt, prob = scene
    found = find_components(gt, prob > 0.5, prob)
    inset = zoom_insets(image, found, gt, prob > 0.5)[0]  # the missed one
    assert (inset == 255).all(axis=-1).sum() == 2 * 3 * 8 * 8  # in the bare and in the marked tile
    assert count(inset, 'ground truth') == 28 * 12 - 24 * 8  # a line of 2 around 24 x 8
    assert count(inset, 'prediction') == 0


def test_frame_tells_the_status(scene):
    image, gt, prob = scene
    found = find_components(gt, prob > 0.5, prob)
    insets = zoom_insets(image, found, gt, prob > 0.5, prob)
    for finding, inset in zip(found, insets):
        for corner in (inset[0, 0], inset[-1, -1], inset[0, -1]):
            assert tuple(corner) == COLORS[finding.status]
    assert len({inset.shape for inset in insets}) == 1


@pytest.mark.parametrize('box', [(0, 0, 1, 1), (60, 40, 64, 44), (0, 0, 64, 44), (10, 0, 12, 44)])
def test_borders_and_large_components(box):
    gt = np.zeros((44, 64), bool)
    gt[box[1] : box[3], box[0] : box[2]] = True
    image = np.random.default_rng(0).random(gt.shape)
    (inset,) = zoom_insets(image, find_components(gt, gt), gt, gt)
    assert count(inset, 'prediction') > 0 or gt.all()
    assert tuple(inset[0, 0]) == COLORS['detected']


def test_a_thin_component_too_large_for_a_tile_is_not_lost():
    mask = np.zeros((1, 2000), bool)
    mask[0, 10:1990] = True
    (inset,) = zoom_insets(np.zeros(mask.shape), find_components(mask, mask), mask, mask)
    assert count(inset, 'ground truth') > 0
