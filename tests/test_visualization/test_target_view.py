from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmirstd.visualization import BOX_COLORS, COLORS, drawing
from mmirstd.visualization.target_view import draw_marked, draw_probability, magnify_window, view_scale, window_at

IMAGE = np.full((60, 80), 1000, np.uint16)
IMAGE[30:33, 41] = 5000  # three pixels
MASK = IMAGE > 2000
BOX = (41.0, 30.0, 42.0, 33.0)


@pytest.mark.parametrize(
    ('shape', 'scale'),
    [
        ((60, 80), 8),
        ((240, 320), 2),
        ((640, 512), 1),
        ((1600, 900), 1),
        ((4096, 4096), 1600 / 4096),
        ((1, 1), 640),
        ((10, 20000), 0.08),
    ],
)
def test_scale(shape: tuple[int, int], scale: float) -> None:
    assert view_scale(shape) == scale
    picture = draw_probability(np.zeros(shape, np.float32))
    assert picture.shape == (max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale)), 3)


def test_three_pixels_are_marked_and_not_hidden() -> None:
    picture = draw_marked(IMAGE, [BOX], MASK)
    inside = picture[30 * 8 + 1 : 33 * 8 - 1, 41 * 8 + 1 : 42 * 8 - 1]
    assert (inside == 255).all()
    assert (picture[30 * 8 - 1, 41 * 8 + 2] == COLORS['prediction']).all()
    assert (picture == COLORS['predicted']).all(-1).any()
    other = draw_marked(IMAGE, [BOX], MASK, chosen=0, window=(33, 24, 16))
    assert not (other == COLORS['predicted']).all(-1).any()
    assert (other[24 * 8, 40 * 8] == COLORS['ground truth']).all()


def test_a_point_survives_being_reduced() -> None:
    probability = np.zeros((3200, 3200), np.float32)
    probability[1001, 2003] = 1
    brightest = cv2.cvtColor(draw_probability(probability), cv2.COLOR_BGR2GRAY).max()
    assert brightest > 200


def test_window() -> None:
    assert window_at((41.5, 31.5), 16) == (34, 24, 16)
    assert window_at((0.5, 0.5), 9) == (-4, -4, 9)
    bare, marked, heat = magnify_window(IMAGE, (34, 24, 16), mask=MASK, probability=MASK.astype(np.float32), size=320)
    assert bare.shape == marked.shape == heat.shape == (320, 320, 3)
    lit = np.argwhere(bare[..., 0] == 255)
    assert lit.min(0).tolist() == [6 * 20, 7 * 20]
    assert (lit.max(0) + 1).tolist() == [9 * 20, 8 * 20]
    changed = np.argwhere((bare != marked).any(-1))
    assert changed.min(0).tolist() == [120, 140]  # the line lies on the target's own border pixels
    assert (changed.max(0) + 1).tolist() == [180, 160]
    assert (marked[150, 150] == 255).all()  # and leaves its middle


def test_a_window_beyond_the_image_and_boxes() -> None:
    bare, marked = magnify_window(IMAGE, (-4, 50, 16), [(1.0, 52.0, 4.0, 55.0)], size=160)
    assert (bare[0, 0] == bare[-1, -1]).all()  # both outside
    assert (bare[0, 0] != bare[5, 80]).any()
    changed = np.argwhere((bare != marked).any(-1))
    assert changed.min(0).tolist() == [19, 49]
    assert (changed.max(0) + 1).tolist() == [51, 81]
    alone, _ = magnify_window(IMAGE, (500, 500, 8))
    assert alone.shape == (384, 384, 3)


def test_the_old_name_of_center() -> None:
    with pytest.warns(DeprecationWarning, match='window_at: centre is center now'):
        assert window_at(centre=(10.0, 20.0), side=5) == window_at((10.0, 20.0), 5)


def test_a_detectors_boxes_have_their_numbers_and_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.zeros((64, 96), np.uint8)
    written: list[str] = []
    put_text = drawing.put_text

    def noted(picture: np.ndarray, text: str, *args: object) -> int:
        written.append(text)
        return put_text(picture, text, *args)

    monkeypatch.setattr(drawing, 'put_text', noted)
    boxes = [(10.0, 20.0, 14.0, 23.0), (50.0, 30.0, 53.0, 33.0)]
    picture = draw_marked(image, boxes, chosen=1, scores=[0.934, 0.5])
    assert list(dict.fromkeys(written)) == ['0: 0.93', '1: 0.50']
    # The box itself is drawn, by its edges, seven times as large.
    assert (picture[20 * 7 : 23 * 7, 10 * 7 - 1] == BOX_COLORS['predicted']).all()
    written.clear()
    draw_marked(image, boxes)
    assert list(dict.fromkeys(written)) == ['0', '1']
