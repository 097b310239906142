"""The pictures must show what was found, missed and false, however small it is."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from mmirstd.visualization import draw_comparison
from tests.shared import REPO

from .helpers import count


def test_needs_neither_torch_nor_mmengine():
    code = "import sys, mmirstd.visualization; print([m for m in ('torch', 'mmengine', 'mmcv') if m in sys.modules])"
    done = subprocess.run([sys.executable, '-c', code], cwd=REPO, text=True, capture_output=True, check=True)
    assert done.stdout.strip() == '[]'


def test_all_three_verdicts_show(scene):
    image, gt, prob = scene
    picture = draw_comparison(image, gt, prob, name='Misc_1')
    assert picture.dtype == np.uint8
    assert picture.shape[1] >= 3 * 512
    # Besides the legend: brackets in the panel and the frame of an inset.
    empty = draw_comparison(image, gt * 0, prob * 0)
    for status in ('detected', 'missed', 'false alarm', 'ground truth', 'prediction'):
        assert count(picture, status) > count(empty, status) + 20, status


def test_a_perfect_prediction_shows_no_error(scene):
    image, gt, _ = scene
    picture, empty = draw_comparison(image, gt, gt), draw_comparison(image, gt * 0, gt * 0)
    assert count(picture, 'missed') == count(empty, 'missed')
    assert count(picture, 'false alarm') == count(empty, 'false alarm')
    assert count(picture, 'detected') > count(empty, 'detected')


def test_inputs_are_left_alone(scene):
    copies = [array.copy() for array in scene]
    draw_comparison(*scene)
    for array, copy in zip(scene, copies):
        np.testing.assert_array_equal(array, copy)


def test_threshold_applies_to_probabilities_only(scene):
    image, gt, prob = scene
    same = draw_comparison(image, gt, (prob > 0.2).astype(np.uint8), threshold=0.99)
    loose = draw_comparison(image, gt, prob, threshold=0.2)
    strict = draw_comparison(image, gt, prob, threshold=0.99)
    base = count(draw_comparison(image, gt, gt), 'missed')
    assert count(same, 'missed') == count(loose, 'missed') == base
    assert count(strict, 'missed') > base


def test_no_ground_truth(scene):
    image, _, prob = scene
    picture = draw_comparison(image, None, prob[None])  # (1, H, W) as networks give it
    assert count(picture, 'ground truth') == count(picture, 'missed') == 0
    assert count(picture, 'predicted') > 0


@pytest.mark.parametrize('shape', [(1, 1), (5, 900), (900, 5), (700, 1100)])
def test_odd_sizes(shape):
    mask = np.zeros(shape, np.uint8)
    mask[0, 0] = 1
    picture = draw_comparison(np.ones(shape), mask, mask, name='x' * 300 + 'ünï')
    assert count(picture, 'detected') > 100


def test_noise_of_thousands_of_false_alarms():
    pred = np.zeros((200, 200), np.uint8)
    pred[::3, ::3] = 1
    few = draw_comparison(np.zeros(pred.shape), pred * 0, pred, max_insets=3)
    many = draw_comparison(np.zeros(pred.shape), pred * 0, pred, max_insets=9)
    assert few.shape[0] < many.shape[0] < 2000


@pytest.mark.parametrize('wrong', ['gt', 'pred'])
def test_shapes_must_agree(scene, wrong):
    image, gt, prob = scene
    gt, prob = (gt[:-1], prob) if wrong == 'gt' else (gt, prob[:, :-1])
    with pytest.raises(ValueError, match='native size'):
        draw_comparison(image, gt, prob)


def test_an_inset_of_a_component_as_long_as_a_line_scan_is_bounded():
    """A square around it would have 20,000 x 20,000 pixels."""
    image = np.random.default_rng(0).integers(0, 255, (10, 20000)).astype(np.uint8)
    tracemalloc.start()
    picture = draw_comparison(image, None, np.ones((10, 20000), np.float32))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert picture.shape[0] > 100
    assert peak < 300e6
