"""Invariants of the default protocol, on scenes that hypothesis makes up."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmirstd.evaluation.functional import (
    PROTOCOLS,
    binarize,
    count_image,
    evaluate,
    label_components,
    pd_fa_curve,
    roc_curve,
    summarize,
)
from mmirstd.evaluation.functional.binarize import PredictionRule
from mmirstd.evaluation.functional.matching import match_first, match_nearest
from mmirstd.evaluation.functional.pd_fa_curve import pd_fa_counts
from mmirstd.evaluation.functional.roc_curve import score_histograms

SIDE = 40
check = settings(deadline=None, derandomize=True, max_examples=40)


@st.composite
def masks(draw, least: int = 1, margin: int = 5):
    """A mask of small rectangles, each at least 11 px from the next, ``margin`` px from the border."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cells = st.sampled_from([(5, 5), (5, 24), (24, 5), (24, 24)])
    cells = draw(st.lists(cells, min_size=least, max_size=4, unique=True))
    for row, col in cells:
        row, col = row + draw(st.integers(0, 3)) - 5 + margin, col + draw(st.integers(0, 3)) - 5 + margin
        mask[row : row + draw(st.integers(1, 4)), col : col + draw(st.integers(1, 4))] = 1
    return mask


@st.composite
def scenes(draw):
    """A score map of noise and blobs, loosely tied to a mask."""
    mask = draw(masks(least=0))
    seed = draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    score = rng.random((SIDE, SIDE)) ** draw(st.sampled_from([1, 4, 30])) * draw(st.sampled_from([0.3, 0.9]))
    moved = np.roll(mask, (int(rng.integers(-4, 5)), int(rng.integers(-4, 5))), (0, 1))
    score = np.where(moved & (rng.random(mask.shape) < 0.9), 0.5 + rng.random(mask.shape) / 2, score)
    return score.astype(np.float32), mask


@check
@given(masks())
def test_perfect_prediction(mask):
    measures = evaluate('default', [(mask.astype(np.float32), mask)])
    assert measures['IoU'] == measures['nIoU'] == measures['Pd'] == measures['F1'] == measures['target_F1'] == 1
    assert measures['Fa'] == 0


@check
@given(masks(), st.integers(-4, 4), st.integers(-4, 4))
def test_shift_is_forgiven_below_three_pixels(mask, rows, cols):
    shifted = np.roll(mask, (rows, cols), (0, 1))  # nothing wraps: 5 px margin
    measures = evaluate('default', [(shifted.astype(np.float32), mask)])
    if rows * rows + cols * cols < 9:
        assert measures['Pd'] == 1
        assert measures['Fa'] == 0
    else:
        assert measures['Pd'] == 0
        assert measures['Fa'] == mask.sum() / mask.size


@pytest.mark.parametrize('row', range(5, 30))
def test_three_pixels_is_three_pixels_everywhere(row):
    """A centroid of thirds must not round a distance of exactly 3 px below the limit."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[row : row + 2, 7:9] = 1
    mask[row, 7] = 0
    shifted = np.roll(mask, (0, 3), (0, 1))
    assert count_image('default', shifted.astype(np.float32), mask)['targets']['detected'] == 0


@check
@given(st.lists(scenes(), min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_order_of_images_does_not_matter(images, random):
    shuffled = list(images)
    random.shuffle(shuffled)
    np.testing.assert_equal(evaluate('default', images), evaluate('default', shuffled))


@check
@given(st.lists(scenes(), min_size=2, max_size=5), st.integers(2, 3))
def test_shares_evaluated_apart_equal_the_whole(images, ranks):
    """As distributed evaluation: every rank its share (the last padded), gathered in turn, cut to size."""
    order = [index % len(images) for index in range(-(-len(images) // ranks) * ranks)]
    for name in PROTOCOLS:
        shares = [
            pickle.loads(pickle.dumps([count_image(name, *images[index]) for index in order[rank::ranks]]))
            for rank in range(ranks)
        ]
        gathered = [item for group in zip(*shares, strict=True) for item in group][: len(images)]
        np.testing.assert_equal(summarize(name, gathered), evaluate(name, images))


@check
@given(scenes(), st.floats(0, 1), st.floats(0, 1))
def test_more_pixels_at_a_lower_threshold(scene, first, second):
    score, mask = scene
    low, high = (binarize(score, PredictionRule(value)) for value in sorted((first, second)))
    assert (high <= low).all()
    hits = [int((prediction & (mask > 0)).sum()) for prediction in (low, high)]
    assert hits[1] <= hits[0]


@check
@given(scenes(), st.sampled_from([0.25, 0.5, 2.0]), st.sampled_from([-1.0, 0.0, 4.0]))
def test_a_stretched_map_knows_neither_gain_nor_offset(scene, gain, offset):
    score = np.round(scene[0], 3)  # so that no rounding of the stretch moves a pixel across the threshold
    rule = PredictionRule(0.2205, normalize_range=True)
    levels = (score - score.min()) / max(np.ptp(score), 1e-12)
    if np.abs(levels - rule.value).min() > 1e-9:
        np.testing.assert_array_equal(binarize(gain * score + offset, rule), binarize(score, rule))
    positive = binarize(score, rule)
    assert positive.any() == (np.ptp(score) > 0)  # the maximum of a map that varies is always positive


@check
@given(scenes())
def test_curves_are_monotonic_and_meet_the_default_threshold(scene):
    score, mask = scene
    truth = mask > 0
    background, target = score_histograms(score, truth)
    curve = roc_curve([background], [target])
    counts = count_image('default', score, mask)
    assert (np.diff(curve.fpr) >= 0).all()
    at_half = int(np.flatnonzero(curve.thresholds == 0.5)[0])
    assert np.isclose(curve.fpr[at_half] * (~truth).sum(), counts['pixel']['fp'])
    if truth.any():
        assert (np.diff(curve.tpr) >= 0).all()
        assert np.isclose(curve.tpr[at_half] * truth.sum(), counts['pixel']['tp'])
        assert 0 <= curve.auc <= 1
    targets = label_components(truth)
    points = pd_fa_curve([pd_fa_counts(score, targets)], len(targets), mask.size)
    half = int(np.flatnonzero(points.thresholds == 0.5)[0])
    assert np.isclose(points.fa[half] * mask.size, counts['targets']['false_pixels'])
    if len(targets):
        assert np.isclose(points.pd[half] * len(targets), counts['targets']['detected'])


@check
@given(scenes())
def test_transposition_changes_nothing(scene):
    score, mask = scene
    np.testing.assert_equal(
        evaluate('default', [(score, mask)]), evaluate('default', [(score.T.copy(), mask.T.copy())])
    )


@check
@given(scenes(), st.sampled_from([match_nearest, match_first]))
def test_matching_is_one_to_one_and_near(scene, match):
    score, mask = scene
    targets, predictions = label_components(mask), label_components(score > 0.5)
    matches = match(targets, predictions)
    used = matches.prediction_of[matches.detected]
    assert len(set(used.tolist())) == len(used) == matches.matched.sum()
    assert matches.matched[used].all()
    for target in np.flatnonzero(matches.detected):
        gap = targets.centroids[target] - predictions.centroids[matches.prediction_of[target]]
        assert np.hypot(*gap) < 3
        assert np.isclose(np.hypot(*gap), matches.distance[target])
    # Nothing that could still be joined is left over.
    for target in np.flatnonzero(~matches.detected):
        gaps = predictions.centroids[~matches.matched] - targets.centroids[target]
        assert (np.hypot(gaps[:, 0], gaps[:, 1]) >= 3 - 1e-12).all()


@check
@given(scenes())
def test_nearest_pair_goes_first(scene):
    score, mask = scene
    targets, predictions = label_components(mask), label_components(score > 0.5)
    matches = match_nearest(targets, predictions)
    if len(targets) and len(predictions):
        gaps = np.linalg.norm(targets.centroids[:, None] - predictions.centroids[None], axis=2)
        if gaps.min() < 3 - 1e-9:
            assert np.nanmin(matches.distance) == pytest.approx(gaps.min())
