"""Components against skimage, the reference of the official codes."""

from __future__ import annotations

import numpy as np
import pytest

from mmirstd.evaluation.functional import label_components
from mmirstd.utils.components import component_maxima, hit_components

measure = pytest.importorskip('skimage.measure')


@pytest.mark.parametrize('density', [0.02, 0.1, 0.3, 0.6, 0.95])
@pytest.mark.parametrize('seed', range(4))
def test_same_components_in_the_same_order_as_skimage(density, seed):
    mask = np.random.default_rng(seed).random((61, 83)) < density
    mask[:seed] = False
    ours, labels = label_components(mask), measure.label(mask, connectivity=2)
    regions = measure.regionprops(labels)
    assert len(ours) == len(regions)
    top, left, bottom, right = ours.window
    np.testing.assert_array_equal(ours.labels, labels[top:bottom, left:right])
    assert not labels.astype(bool).sum() - (ours.labels > 0).sum()
    np.testing.assert_array_equal(ours.areas, [region.area for region in regions])
    # To the last bit: strict distance limits hang on it.
    np.testing.assert_array_equal(ours.centroids, [region.centroid for region in regions])
    np.testing.assert_array_equal(ours.boxes, [region.bbox for region in regions])


def test_offset_gives_image_coordinates():
    mask = np.zeros((50, 60), bool)
    mask[20:23, 30:34] = mask[25, 31] = True
    whole, crop = label_components(mask), label_components(mask[15:40, 28:50], offset=(15, 28))
    np.testing.assert_array_equal(whole.sums, crop.sums)
    np.testing.assert_array_equal(whole.boxes, crop.boxes)
    assert whole.window == crop.window


def test_empty_and_full_maps():
    assert len(label_components(np.zeros((5, 5), bool))) == 0
    full = label_components(np.ones((5, 7), np.uint8))
    assert full.areas.tolist() == [35]
    assert full.centroids.tolist() == [[2.0, 3.0]]


def test_more_components_than_16_bits_hold():
    mask = np.zeros((600, 600), bool)
    mask[::2, ::2] = True
    found = label_components(mask)
    assert len(found) == 300 * 300
    assert found.labels[0, :5].tolist() == [1, 0, 2, 0, 3]


def test_maxima_and_hits():
    mask = np.zeros((9, 9), bool)
    mask[1, 1:3] = mask[5, 5] = True
    found = label_components(mask)
    score = np.arange(81, dtype=np.float32).reshape(9, 9)
    assert component_maxima(found, score).tolist() == [11, 50]
    assert hit_components(found, score == 11).tolist() == [True, False]
    assert hit_components(found, score == 80).tolist() == [False, False]
