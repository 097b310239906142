from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mmirstd.evaluation.functional import evaluate
from mmirstd.visualization import find_components


def test_each_kind(scene):
    _, gt, prob = scene
    found = find_components(gt, prob > 0.5, prob)
    assert [f.status for f in found] == ['missed', 'false alarm', 'detected']
    missed, false, detected = found
    assert missed.centroid == (61, 40)
    assert missed.box == (60, 40, 63, 41)
    assert missed.peak == pytest.approx(0.3)
    assert missed.distance is None
    assert false.centroid == (6, 55)
    assert detected.box == (20, 10, 23, 12)  # both components
    assert detected.distance == pytest.approx(1)
    assert detected.area == 3
    assert detected.peak == pytest.approx(0.9)


def test_three_pixels_off_is_missed():
    gt, pred = np.zeros((20, 20), bool), np.zeros((20, 20), bool)
    gt[5, 5] = pred[5, 8] = True
    assert [f.status for f in find_components(gt, pred)] == ['missed', 'false alarm']
    assert [f.status for f in find_components(gt, pred, max_distance=3.01)] == ['detected']


def test_without_ground_truth_nothing_is_judged():
    pred = np.zeros((20, 20), bool)
    pred[3, 3] = pred[9:11, 9] = True
    assert [(f.status, f.area) for f in find_components(None, pred)] == [('predicted', 2), ('predicted', 1)]


@given(hnp.arrays(bool, (16, 16), elements=st.booleans()), hnp.arrays(bool, (16, 16), elements=st.booleans()))
@settings(max_examples=30, deadline=None)
def test_agrees_with_the_metrics(gt, pred):
    gt = gt & (np.random.default_rng(0).random(gt.shape) < 0.3)  # dense noise is one component
    found = [f.status for f in find_components(gt, pred)]
    detected, targets = found.count('detected'), found.count('detected') + found.count('missed')
    result = evaluate('default', [(pred.astype(np.float32), gt.astype(np.uint8))])
    if targets:
        assert result['Pd'] == pytest.approx(detected / targets)
    false = sum(f.area for f in find_components(gt, pred) if f.status == 'false alarm')
    assert result['Fa'] == pytest.approx(false / gt.size)
