"""The pictures must show what was found, missed and false, however small it is."""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mmirstd.evaluation.functional import evaluate
from mmirstd.visualization import (
    COLORS,
    contact_sheet,
    draw_comparison,
    draw_contours,
    find_components,
    save_png,
    to_display,
    zoom_insets,
)
from tests.shared import REPO


@pytest.fixture
def scene() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A detected, a missed and a false target of three pixels each in 14-bit noise."""
    image = np.random.default_rng(0).normal(8000, 5, (64, 96)).astype(np.uint16)
    gt, prob = np.zeros(image.shape, np.uint8), np.full(image.shape, 0.1, np.float32)
    gt[10, 20:23] = gt[40, 60:63] = 1
    image[gt > 0] = 9000
    prob[11, 20:23] = 0.9  # one row off
    prob[40, 60:63] = 0.3
    prob[55, 5:8] = 0.7
    return image, gt, prob


def count(picture: np.ndarray, color: str) -> int:
    """Pixels of exactly this colour."""
    return int((picture == COLORS[color]).all(axis=-1).sum())


def test_needs_neither_torch_nor_mmengine():
    code = ("import sys, mmirstd.visualization; "
            "print([m for m in ('torch', 'mmengine', 'mmcv') if m in sys.modules])")
    done = subprocess.run([sys.executable, '-c', code], cwd=REPO, text=True, capture_output=True, check=True)
    assert done.stdout.strip() == '[]'


class TestToDisplay:

    @pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.int16, np.float32, np.float64])
    def test_any_depth_uses_the_whole_range(self, dtype):
        ramp = np.linspace(20, 120, 4096).reshape(64, 64).astype(dtype)
        shown = to_display(ramp)
        assert shown.dtype == np.uint8
        assert shown.shape == (64, 64, 3)
        assert shown.min() == 0
        assert shown.max() == 255
        assert (np.diff(shown[..., 0].ravel().astype(int)) >= 0).all()  # order kept

    def test_a_hot_pixel_does_not_darken_the_rest(self):
        image = np.random.default_rng(0).integers(100, 140, (64, 64)).astype(np.uint16)
        image[0, 0] = 65535
        assert to_display(image)[1:].mean() > 100

    def test_a_target_alone_on_flat_background_is_seen(self):
        image = np.full((128, 128), 7, np.uint16)
        image[5, 5] = 9
        shown = to_display(image)
        assert shown[5, 5, 0] == 255
        assert shown[0, 0, 0] == 0

    def test_bad_values_and_constant_images(self):
        image = np.linspace(0, 1, 100, dtype=np.float32).reshape(10, 10)
        image[3, 3], image[4, 4], image[5, 5] = np.nan, np.inf, -np.inf
        shown = to_display(image)
        assert shown[3, 3, 0] == shown[4, 4, 0] == shown[5, 5, 0] == 0
        assert shown[9, 9, 0] == 255
        assert len(np.unique(to_display(np.full((4, 4), np.nan)))) == 1

    def test_colour_images_become_gray(self):
        gray = np.random.default_rng(0).integers(0, 255, (9, 9)).astype(np.uint8)
        for image in (gray[..., None], np.dstack([gray] * 3), np.dstack([gray] * 3 + [np.full_like(gray, 255)])):
            np.testing.assert_allclose(to_display(image).astype(int), to_display(gray).astype(int), atol=1)

    @pytest.mark.parametrize('shape', [(0, 5), (2, 3, 4, 5), (3, 8, 8), (5,)])
    def test_not_one_image(self, shape):
        with pytest.raises(ValueError, match=r'found shape .*'):
            to_display(np.zeros(shape))


class TestDrawContours:

    @given(hnp.arrays(bool, (12, 15), elements=st.booleans()), st.integers(1, 3))
    @settings(max_examples=40, deadline=None)
    def test_target_and_far_pixels_are_untouched(self, mask, thickness):
        image = np.random.default_rng(1).integers(0, 255, (12, 15, 3)).astype(np.uint8)
        before = image.copy()
        drawn = draw_contours(image, mask, (1, 2, 3), thickness)
        np.testing.assert_array_equal(image, before)
        np.testing.assert_array_equal(drawn[mask], image[mask])
        near = cv2.dilate(mask.astype(np.uint8), np.ones((2 * thickness + 1,) * 2)) > 0
        np.testing.assert_array_equal(drawn[~near], image[~near])
        assert (drawn[near & ~mask] == (1, 2, 3)).all()

    def test_inside_keeps_to_the_border_pixels(self):
        mask = np.zeros((9, 9), bool)
        mask[2:7, 2:7] = True
        drawn = draw_contours(np.zeros((9, 9, 3), np.uint8), mask, (9, 9, 9), inside=True)[..., 0] > 0
        assert drawn.sum() == 25 - 9
        assert not (drawn & ~mask).any()

    def test_shape_mismatch(self):
        with pytest.raises(ValueError, match='both must be at the native size'):
            draw_contours(np.zeros((8, 8, 3), np.uint8), np.zeros((8, 9)), (0, 0, 0))


class TestFindComponents:

    def test_each_kind(self, scene):
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

    def test_three_pixels_off_is_missed(self):
        gt, pred = np.zeros((20, 20), bool), np.zeros((20, 20), bool)
        gt[5, 5] = pred[5, 8] = True
        assert [f.status for f in find_components(gt, pred)] == ['missed', 'false alarm']
        assert [f.status for f in find_components(gt, pred, max_distance=3.01)] == ['detected']

    def test_without_ground_truth_nothing_is_judged(self):
        pred = np.zeros((20, 20), bool)
        pred[3, 3] = pred[9:11, 9] = True
        assert [(f.status, f.area) for f in find_components(None, pred)] == [('predicted', 2), ('predicted', 1)]

    @given(hnp.arrays(bool, (16, 16), elements=st.booleans()), hnp.arrays(bool, (16, 16), elements=st.booleans()))
    @settings(max_examples=30, deadline=None)
    def test_agrees_with_the_metrics(self, gt, pred):
        gt = gt & (np.random.default_rng(0).random(gt.shape) < 0.3)  # dense noise is one component
        found = [f.status for f in find_components(gt, pred)]
        detected, targets = found.count('detected'), found.count('detected') + found.count('missed')
        result = evaluate('default', [(pred.astype(np.float32), gt.astype(np.uint8))])
        if targets:
            assert result['Pd'] == pytest.approx(detected / targets)
        false = sum(f.area for f in find_components(gt, pred) if f.status == 'false alarm')
        assert result['Fa'] == pytest.approx(false / gt.size)


class TestZoomInsets:

    def test_three_pixels_become_192(self, scene):
        image, gt, prob = scene
        found = find_components(gt, prob > 0.5, prob)
        inset = zoom_insets(image, found, gt, prob > 0.5)[0]  # the missed one
        assert (inset == 255).all(axis=-1).sum() == 2 * 3 * 8 * 8  # in the bare and in the marked tile
        assert count(inset, 'ground truth') == 28 * 12 - 24 * 8  # a line of 2 around 24 x 8
        assert count(inset, 'prediction') == 0

    def test_frame_tells_the_status(self, scene):
        image, gt, prob = scene
        found = find_components(gt, prob > 0.5, prob)
        insets = zoom_insets(image, found, gt, prob > 0.5, prob)
        for finding, inset in zip(found, insets):  # noqa: B905
            for corner in (inset[0, 0], inset[-1, -1], inset[0, -1]):
                assert tuple(corner) == COLORS[finding.status]
        assert len({inset.shape for inset in insets}) == 1

    @pytest.mark.parametrize('box', [(0, 0, 1, 1), (60, 40, 64, 44), (0, 0, 64, 44), (10, 0, 12, 44)])
    def test_borders_and_large_components(self, box):
        gt = np.zeros((44, 64), bool)
        gt[box[1]:box[3], box[0]:box[2]] = True
        image = np.random.default_rng(0).random(gt.shape)
        inset, = zoom_insets(image, find_components(gt, gt), gt, gt)
        assert count(inset, 'prediction') > 0 or gt.all()
        assert tuple(inset[0, 0]) == COLORS['detected']

    def test_a_thin_component_too_large_for_a_tile_is_not_lost(self):
        mask = np.zeros((1, 2000), bool)
        mask[0, 10:1990] = True
        inset, = zoom_insets(np.zeros(mask.shape), find_components(mask, mask), mask, mask)
        assert count(inset, 'ground truth') > 0


class TestDrawComparison:

    def test_all_three_verdicts_show(self, scene):
        image, gt, prob = scene
        picture = draw_comparison(image, gt, prob, name='Misc_1')
        assert picture.dtype == np.uint8
        assert picture.shape[1] >= 3 * 512
        # Besides the legend: brackets in the panel and the frame of an inset.
        empty = draw_comparison(image, gt * 0, prob * 0)
        for status in ('detected', 'missed', 'false alarm', 'ground truth', 'prediction'):
            assert count(picture, status) > count(empty, status) + 20, status

    def test_a_perfect_prediction_shows_no_error(self, scene):
        image, gt, _ = scene
        picture, empty = draw_comparison(image, gt, gt), draw_comparison(image, gt * 0, gt * 0)
        assert count(picture, 'missed') == count(empty, 'missed')
        assert count(picture, 'false alarm') == count(empty, 'false alarm')
        assert count(picture, 'detected') > count(empty, 'detected')

    def test_inputs_are_left_alone(self, scene):
        copies = [array.copy() for array in scene]
        draw_comparison(*scene)
        for array, copy in zip(scene, copies):  # noqa: B905
            np.testing.assert_array_equal(array, copy)

    def test_threshold_applies_to_probabilities_only(self, scene):
        image, gt, prob = scene
        same = draw_comparison(image, gt, (prob > 0.2).astype(np.uint8), threshold=0.99)
        loose = draw_comparison(image, gt, prob, threshold=0.2)
        strict = draw_comparison(image, gt, prob, threshold=0.99)
        base = count(draw_comparison(image, gt, gt), 'missed')
        assert count(same, 'missed') == count(loose, 'missed') == base
        assert count(strict, 'missed') > base

    def test_no_ground_truth(self, scene):
        image, _, prob = scene
        picture = draw_comparison(image, None, prob[None])  # (1, H, W) as networks give it
        assert count(picture, 'ground truth') == count(picture, 'missed') == 0
        assert count(picture, 'predicted') > 0

    @pytest.mark.parametrize('shape', [(1, 1), (5, 900), (900, 5), (700, 1100)])
    def test_odd_sizes(self, shape):
        mask = np.zeros(shape, np.uint8)
        mask[0, 0] = 1
        picture = draw_comparison(np.ones(shape), mask, mask, name='x' * 300 + 'ünï')
        assert count(picture, 'detected') > 100

    def test_noise_of_thousands_of_false_alarms(self):
        pred = np.zeros((200, 200), np.uint8)
        pred[::3, ::3] = 1
        few = draw_comparison(np.zeros(pred.shape), pred * 0, pred, max_insets=3)
        many = draw_comparison(np.zeros(pred.shape), pred * 0, pred, max_insets=9)
        assert few.shape[0] < many.shape[0] < 2000

    @pytest.mark.parametrize('wrong', ['gt', 'pred'])
    def test_shapes_must_agree(self, scene, wrong):
        image, gt, prob = scene
        gt, prob = (gt[:-1], prob) if wrong == 'gt' else (gt, prob[:, :-1])
        with pytest.raises(ValueError, match='native size'):
            draw_comparison(image, gt, prob)


def test_contact_sheet():
    images = [np.full((10, 20, 3), 200, np.uint8), np.full((30, 10), 100, np.uint8), np.zeros((5, 5, 3), np.uint8)]
    sheet = contact_sheet(images, columns=2)
    assert (sheet == 200).all(axis=-1).sum() == 200
    assert (sheet == 100).all(axis=-1).sum() == 300
    resized = contact_sheet(images[:1], columns=5, cell_width=40)
    assert (resized == 200).all(axis=-1).sum() == 40 * 20
    with pytest.raises(ValueError, match='at least one picture'):
        contact_sheet([])


def test_save_png(tmp_path):
    picture = np.random.default_rng(0).integers(0, 255, (8, 9, 3)).astype(np.uint8)
    path = tmp_path / 'with space' / 'путь.v1.png'
    save_png(path, picture)
    np.testing.assert_array_equal(cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR), picture)
    assert [p.name for p in path.parent.iterdir()] == ['путь.v1.png']


def test_an_inset_of_a_component_as_long_as_a_line_scan_is_bounded():
    """A square around it would have 20,000 x 20,000 pixels."""
    import tracemalloc
    image = np.random.default_rng(0).integers(0, 255, (10, 20000)).astype(np.uint8)
    tracemalloc.start()
    picture = draw_comparison(image, None, np.ones((10, 20000), np.float32))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert picture.shape[0] > 100
    assert peak < 300e6
