"""Boxes: what was found, missed and false must be told as the metric tells it, and be seen."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmirstd.evaluation.functional import FrameDetections, count_frame
from mmirstd.visualization import BOX_COLORS, draw_detections, find_detections


@pytest.fixture
def frame() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Two targets of three pixels in 14-bit noise; one found, one below the threshold, and a false alarm."""
    image = np.random.default_rng(0).normal(8000, 5, (60, 80)).astype(np.uint16)
    image[10, 20:23] = image[40, 60:63] = 9000
    targets = np.array([[60, 40, 63, 41], [20, 10, 23, 11]], float)
    boxes = np.array([[59, 40, 63, 42], [21, 10, 24, 12], [5, 50, 9, 54]], float)
    return image, targets, boxes, np.array([0.4, 0.9, 0.6])


def count(picture: np.ndarray, status: str) -> int:
    """Pixels of exactly this colour."""
    return int((picture == BOX_COLORS[status]).all(axis=-1).sum())


def test_findings(frame):
    _, targets, boxes, scores = frame
    missed, detected, false = find_detections(targets, boxes, scores)
    assert (missed.status, missed.target, missed.box, missed.score) == ('missed', (60, 40, 63, 41), None, None)
    assert (detected.status, detected.box, detected.score) == ('detected', (21, 10, 24, 12), 0.9)
    assert detected.distance == pytest.approx(np.hypot(1, 0.5))
    assert detected.extent == (20, 10, 24, 12)
    assert (false.status, false.target, false.box) == ('false alarm', None, (5, 50, 9, 54))


def test_without_ground_truth_nothing_is_right_or_wrong(frame):
    _, _, boxes, scores = frame
    found = find_detections(None, boxes, scores, threshold=0.0)
    assert [f.status for f in found] == ['predicted'] * 3
    assert [f.score for f in found] == [0.9, 0.6, 0.4]


def test_ignored_targets_are_neither_missed_nor_false(frame):
    _, targets, boxes, scores = frame
    targets = np.vstack([targets, [4, 49, 10, 55]])
    statuses = [f.status for f in find_detections(targets, boxes, scores, ignored=np.array([True, False, True]))]
    assert statuses == ['detected']


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 5), st.integers(0, 7), st.floats(0, 1), st.floats(0.5, 20))
def test_counts_are_the_metrics(seed, number, detections, threshold, distance):
    rng = np.random.default_rng(seed)

    def boxes(n):
        corner = rng.integers(0, 40, (n, 2))
        return np.hstack([corner, corner + rng.integers(1, 12, (n, 2))]).astype(float)

    targets, found, scores = boxes(number), boxes(detections), rng.random(detections).round(1)
    ignored = rng.random(number) < 0.3
    findings = find_detections(targets, found, scores, threshold, distance, ignored)
    expected = count_frame(FrameDetections(
        image=0, sequence='', shape=(64, 64), targets=targets, target_labels=np.zeros(number, int), ignored=ignored,
        scr=np.full(number, np.nan), boxes=found, scores=scores, labels=np.zeros(detections, int)), threshold, distance)
    statuses = [f.status for f in findings]
    assert statuses.count('detected') == expected['detected']
    assert statuses.count('missed') == expected['targets'] - expected['detected']
    assert statuses.count('false alarm') == expected['false']


def test_one_score_a_box():
    with pytest.raises(ValueError, match='2 boxes and 1 scores'):
        find_detections(None, np.zeros((2, 4)), np.zeros(1))
    with pytest.raises(ValueError, match='1 targets and 2 flags'):
        find_detections(np.zeros((1, 4)), np.zeros((0, 4)), np.zeros(0), ignored=np.zeros(2, bool))


def test_a_small_frame_is_enlarged_and_its_target_left_visible(frame):
    image, targets, boxes, scores = frame
    picture = draw_detections(image, targets[1:], boxes[1:2] - [1, 0, 1, 1], scores[1:2], inset_columns=0)
    panel = picture[62:62 + 480, 10:10 + 640]  # 80x60, eight times
    # The target's own pixels are white, whole and free of marks: 3 x 1 of them, 8 x 8 each.
    np.testing.assert_array_equal(panel[80:88, 160:184], 255)
    # The rectangle lies around the three pixels.
    assert (panel[79, 159:184] == BOX_COLORS['detected']).all()
    assert (panel[79:89, 184] == BOX_COLORS['detected']).all()


@pytest.mark.parametrize('columns', [0, 2])
def test_missed_false_and_detected_are_told_apart(frame, columns):
    image, targets, boxes, scores = frame
    everything = draw_detections(image, targets, boxes, scores, inset_columns=columns)
    found = draw_detections(image, targets, boxes[:2], scores[:2] + 0.3, inset_columns=columns)
    nothing = draw_detections(image, targets, boxes[:0], scores[:0], inset_columns=columns)
    legend = draw_detections(image, targets[:0], boxes[:0], scores[:0], inset_columns=columns)
    assert count(found, 'detected') > count(everything, 'detected') > count(nothing, 'detected')
    assert count(nothing, 'detected') == count(legend, 'detected')
    assert count(nothing, 'missed') > count(everything, 'missed') > count(found, 'missed')
    assert count(everything, 'false alarm') > count(found, 'false alarm')
    assert count(found, 'ground truth') > count(legend, 'ground truth')
    # An animation needs one size, whatever there is in a frame.
    assert everything.shape == found.shape == nothing.shape == legend.shape


def test_insets_show_errors_first_or_keep_the_order(frame):
    image, targets, boxes, scores = frame
    targets = targets[::-1]  # the missed one is now the second

    def first_frame(errors_first):
        picture = draw_detections(image, targets, boxes, scores, errors_first=errors_first)
        x = 10 + 640 + 10
        return tuple(int(v) for v in picture[63, x + 1])  # in the first inset's frame

    assert first_frame(True) == BOX_COLORS['missed']
    assert first_frame(False) == BOX_COLORS['detected']


def test_findings_without_inset_are_counted(frame):
    image = frame[0]
    many = np.array([[x, y, x + 3, y + 2] for x in range(2, 70, 9) for y in range(2, 50, 9)], float)
    few = draw_detections(image, None, many[:4], np.ones(4))
    lots = draw_detections(image, None, many, np.ones(len(many)))
    corner = np.s_[30:50, -160:]
    assert (few[corner] == few[30, -1]).all()
    assert (lots[corner] != lots[30, -1]).any()


@pytest.mark.parametrize(('shape', 'panel'), [((1024, 1280), (512, 640)), ((512, 640), (512, 640)),
                                              ((256, 320), (512, 640)), ((40, 30), (640, 480))])
def test_panel_size(shape, panel):
    picture = draw_detections(np.zeros(shape, np.uint8), None, np.zeros((0, 4)), np.zeros(0), inset_columns=0)
    assert picture.shape == (62 + panel[0] + 26, max(panel[1] + 20, 620), 3)


@pytest.mark.parametrize('image', [
    np.full((32, 32), 7, np.uint8), np.random.default_rng(0).random((32, 40, 3)).astype(np.float32),
    np.full((32, 32), np.nan, np.float32)])
def test_any_image(image):
    boxes = np.array([[-6, -6, -1, -1], [28, 28, 50, 60], [0, 0, 32, 32], [3.2, 4.7, 3.3, 4.9]], float)
    picture = draw_detections(image, boxes, boxes + 0.5, np.linspace(0.5, 1, 4))
    assert picture.dtype == np.uint8
    assert count(picture, 'detected') > 300


def test_a_fixed_range_does_not_flicker():
    dim, bright = np.full((32, 32), 50, np.uint8), np.full((32, 32), 50, np.uint8)
    bright[4, 4] = 255
    pictures = [draw_detections(image, None, np.zeros((0, 4)), np.zeros(0), display_range=(0.0, 100.0))
                for image in (dim, bright)]
    panels = [cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)[300:600, 300:600] for picture in pictures]
    np.testing.assert_array_equal(panels[0], panels[1])
    assert panels[0][0, 0] == 128
