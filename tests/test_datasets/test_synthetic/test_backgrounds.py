from __future__ import annotations

import numpy as np
import pytest

from mmirstd.datasets.synthetic.backgrounds import RENDERERS, render_background
from mmirstd.datasets.synthetic.config import BACKGROUND_KINDS
from mmirstd.datasets.synthetic.structures import draw_hot_spots, draw_line, fill_polygon


def test_every_kind_has_a_renderer():
    assert tuple(RENDERERS) == BACKGROUND_KINDS


@pytest.mark.parametrize('kind', BACKGROUND_KINDS)
@pytest.mark.parametrize('shape', [(32, 32), (48, 150), (157, 64), (32, 700)])
def test_any_shape_gives_finite_temperatures(kind, shape):
    for seed in range(6):
        found = RENDERERS[kind](shape, np.random.default_rng(seed))
        assert found.kind == kind
        assert found.temperature.shape == shape
        assert found.temperature.dtype == np.float32
        assert np.isfinite(found.temperature).all()
        # Apparent temperatures of an outdoor scene: tens of kelvin, never hundreds.
        assert 0.05 < np.ptp(found.temperature) < 150


@pytest.mark.parametrize('kind', BACKGROUND_KINDS)
def test_same_seed_same_background(kind):
    one, two, other = (RENDERERS[kind]((64, 64), np.random.default_rng(s)).temperature for s in (5, 5, 6))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_weights_choose_the_kind():
    rng = np.random.default_rng(0)
    kinds = [render_background({'sky': 3.0, 'cloud': 0.0, 'sea': 1.0}, (32, 32), rng).kind for _ in range(200)]
    assert set(kinds) == {'sky', 'sea'}
    assert kinds.count('sky') / 200 == pytest.approx(0.75, abs=0.12)


def test_kinds_differ_in_clutter():
    def roughness(kind):
        fields = [RENDERERS[kind]((128, 128), np.random.default_rng(s)).temperature for s in range(8)]
        return np.median([f.std() for f in fields])

    assert roughness('sky') < 0.6 * min(roughness('cloud'), roughness('ground'))


def test_hot_spots_stay_where_they_are_allowed():
    canvas = np.zeros((80, 80), np.float32)
    allowed = np.zeros((80, 80), bool)
    draw_hot_spots(canvas, 20, np.random.default_rng(0), allowed)
    assert not canvas.any()
    allowed[50:, :] = True
    draw_hot_spots(canvas, 40, np.random.default_rng(0), allowed)
    # An upright spot may reach up by half its length, 7 px, and its width.
    assert not canvas[:40].any()
    assert canvas[50:].max() > 0.5


def test_polygon_covers_its_area_and_nothing_else():
    canvas = np.zeros((40, 40), np.float32)
    fill_polygon(canvas, np.array(((10, 10), (19, 10), (19, 29), (10, 29))), 4.0)
    assert (canvas[11:29, 11:19] == 4).all()
    assert not canvas[:8].any()
    assert not canvas[:, 23:].any()


def test_drawing_outside_the_canvas_does_nothing():
    canvas = np.zeros((20, 20), np.float32)
    fill_polygon(canvas, np.array(((50, 50), (60, 50), (60, 60))), 1.0)
    draw_line(canvas, np.array(((-30, -30), (-20, -25))), 1.0, 2)
    assert not canvas.any()
