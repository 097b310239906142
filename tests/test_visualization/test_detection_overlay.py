"""Boxes: what was found, missed and false must be seen."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmirstd.visualization import BOX_COLORS, draw_detections


def count(picture: np.ndarray, status: str) -> int:
    """Pixels of exactly this color."""
    return int((picture == BOX_COLORS[status]).all(axis=-1).sum())


def test_a_small_frame_is_enlarged_and_its_target_left_visible(frame):
    image, targets, boxes, scores = frame
    picture = draw_detections(image, targets[1:], boxes[1:2] - [1, 0, 1, 1], scores[1:2], inset_columns=0)
    panel = picture[62 : 62 + 480, 10 : 10 + 640]  # 80x60, eight times
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


@pytest.mark.parametrize(
    ('shape', 'panel'),
    [((1024, 1280), (512, 640)), ((512, 640), (512, 640)), ((256, 320), (512, 640)), ((40, 30), (640, 480))],
)
def test_panel_size(shape, panel):
    picture = draw_detections(np.zeros(shape, np.uint8), None, np.zeros((0, 4)), np.zeros(0), inset_columns=0)
    assert picture.shape == (62 + panel[0] + 26, max(panel[1] + 20, 620), 3)


@pytest.mark.parametrize(
    'image',
    [
        np.full((32, 32), 7, np.uint8),
        np.random.default_rng(0).random((32, 40, 3)).astype(np.float32),
        np.full((32, 32), np.nan, np.float32),
    ],
)
def test_any_image(image):
    boxes = np.array([[-6, -6, -1, -1], [28, 28, 50, 60], [0, 0, 32, 32], [3.2, 4.7, 3.3, 4.9]], float)
    picture = draw_detections(image, boxes, boxes + 0.5, np.linspace(0.5, 1, 4))
    assert picture.dtype == np.uint8
    assert count(picture, 'detected') > 300


def test_a_fixed_range_does_not_flicker():
    dim, bright = np.full((32, 32), 50, np.uint8), np.full((32, 32), 50, np.uint8)
    bright[4, 4] = 255
    pictures = [
        draw_detections(image, None, np.zeros((0, 4)), np.zeros(0), display_range=(0.0, 100.0))
        for image in (dim, bright)
    ]
    panels = [cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)[300:600, 300:600] for picture in pictures]
    np.testing.assert_array_equal(panels[0], panels[1])
    assert panels[0][0, 0] == 128
