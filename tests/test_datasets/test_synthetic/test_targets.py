from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmirstd.datasets.synthetic import TargetConfig, TargetShape, render_profile
from mmirstd.datasets.synthetic.targets import draw_shape, fit_shape, solve_strength

FRAME = (64, 80)
SHAPES = [
    TargetShape('point', (0.0, 0.0), 0.0),
    TargetShape('gaussian', (7.0, 4.0), 30.0),
    TargetShape('ellipse', (8.0, 4.0), 120.0),
    TargetShape('ellipse', (3.0, 3.0), 0.0),
]


def centroid(profile):
    y, x = np.indices(profile.values.shape)
    total = profile.values.sum()
    return (profile.values * x).sum() / total + profile.left, (profile.values * y).sum() / total + profile.top


@pytest.mark.parametrize('shape', SHAPES, ids=lambda s: f'{s.kind}-{s.size[0]:g}')
@settings(max_examples=25, deadline=None)
@given(x=st.floats(20, 55), y=st.floats(20, 40), psf=st.floats(0.5, 1.2))
def test_centroid_is_where_it_was_asked_for(shape, x, y, psf):
    profile = render_profile(shape, x, y, psf, FRAME, 0.35)
    assert centroid(profile) == pytest.approx((x, y), abs=0.02)
    assert profile.values.max() == 1
    assert profile.values.min() >= 0
    assert profile.mask.any()
    # The patch ends where the target does: no visible step at its rim.
    rim = np.concatenate((profile.values[0], profile.values[-1], profile.values[:, 0], profile.values[:, -1]))
    assert rim.max() < 0.005


@pytest.mark.parametrize('shape', SHAPES, ids=lambda s: f'{s.kind}-{s.size[0]:g}')
def test_mask_is_the_profile_above_its_level_and_shrinks_with_it(shape):
    areas = []
    for level in (0.2, 0.5, 0.8):
        profile = render_profile(
            TargetShape('ellipse', shape.size, shape.angle) if shape.kind == 'gaussian' else shape,
            30.3,
            30.4,
            0.8,
            FRAME,
            level,
        )
        np.testing.assert_array_equal(profile.mask, profile.values > level)
        areas.append(profile.mask.sum())
    assert areas[0] >= areas[1] >= areas[2] >= 1


def test_point_has_the_width_of_the_psf():
    profile = render_profile(SHAPES[0], 30, 30, 0.9, FRAME)
    line = profile.values.sum(0)
    x = np.arange(line.size) + profile.left - 30
    variance = (line * x**2).sum() / line.sum()
    assert variance == pytest.approx(0.9**2 + 1 / 12, rel=0.02)  # the pixel's own width adds 1/12


def test_gaussian_mask_has_the_requested_size_and_direction():
    along = render_profile(TargetShape('gaussian', (9.0, 4.5), 0.0), 30, 30, 0.7, FRAME, 0.35).bbox()
    across = render_profile(TargetShape('gaussian', (9.0, 4.5), 90.0), 30, 30, 0.7, FRAME, 0.35).bbox()
    assert along[2:] == (9, 5)
    assert across[2:] == (5, 9)
    # 45 degrees turns from +x to +y, which is down: the mask lies along the main diagonal.
    tilted = render_profile(TargetShape('gaussian', (9.0, 3.0), 45.0), 30, 30, 0.7, FRAME, 0.35)
    y, x = np.nonzero(tilted.mask)
    assert np.corrcoef(x, y)[0, 1] > 0.5


def test_larger_targets_have_larger_masks():
    def area(side):
        # Over many places in a pixel the number of pixels averages to the area.
        places = np.random.default_rng(0).uniform(30, 31, (100, 2))
        return np.mean(
            [
                render_profile(TargetShape('ellipse', (side, side), 0.0), x, y, 0.5, FRAME, 0.5).mask.sum()
                for x, y in places
            ]
        )

    areas = [area(side) for side in (2, 4, 6, 8)]
    assert areas == sorted(set(areas))
    assert areas[-1] == pytest.approx(np.pi * 16, rel=0.05)


@pytest.mark.parametrize(('x', 'y'), [(-0.4, -0.4), (79.4, 63.4), (0.0, 30.0)])
def test_cut_at_the_border(x, y):
    profile = render_profile(SHAPES[2], x, y, 0.8, FRAME, 0.35)
    rows, cols = profile.window
    assert 0 <= rows.start < rows.stop <= 64
    assert 0 <= cols.start < cols.stop <= 80
    mask = profile.full_mask(FRAME)
    assert mask.shape == FRAME
    assert mask.sum() == profile.mask.sum() > 0
    left, top, width, height = profile.bbox()
    inside = np.nonzero(mask)
    assert (left, top) == (inside[1].min(), inside[0].min())
    assert (left + width, top + height) == (inside[1].max() + 1, inside[0].max() + 1)


def test_cutting_does_not_change_the_rest():
    whole = render_profile(SHAPES[1], 30.3, 30.2, 0.8, FRAME).values
    half = render_profile(SHAPES[1], 0.3, 30.2, 0.8, FRAME)
    np.testing.assert_allclose(half.values, whole[:, -half.values.shape[1] :], atol=1e-6)


@pytest.mark.parametrize('position', [(-0.6, 5), (79.6, 5), (5, 63.5)])
def test_center_outside_the_frame(position):
    with pytest.raises(ValueError, match='lies outside the frame of 64x80'):
        render_profile(SHAPES[0], *position, 0.8, FRAME)


@pytest.mark.parametrize(('limit', 'size'), [(4, (8.0, 9.0)), (6, (8.0, 9.0)), (9, (8.0, 9.0)), (20, (18.0, 24.0))])
def test_masks_fit_in_the_largest_side(limit, size):
    config = TargetConfig(max_side=limit, size=size)
    rng = np.random.default_rng(0)
    for _ in range(120):
        shape = fit_shape(draw_shape(config, rng), 0.9, config)
        profile = render_profile(shape, *rng.uniform(25, 35, 2), 0.9, FRAME, config.mask_level)
        assert max(profile.bbox()[2:]) <= limit


def test_log_uniform_sizes_halve_at_the_geometric_mean():
    config = TargetConfig(shapes={'gaussian': 1.0}, size=(3.0, 12.0), size_law='log', max_side=20)
    rng = np.random.default_rng(0)
    sizes = np.array([draw_shape(config, rng).size[0] for _ in range(2000)])
    assert sizes.min() >= 3
    assert sizes.max() <= 12
    assert np.mean(sizes < 6) == pytest.approx(0.5, abs=0.04)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), goal=st.floats(0.05, 0.99), cold=st.booleans())
def test_strength_reaches_the_goal_or_stops_at_the_end(seed, goal, cold):
    rng = np.random.default_rng(seed)
    base, profile = rng.uniform(-0.1, 1.1, 12), rng.uniform(0.35, 1.0, 12)
    strength = solve_strength(base, profile, goal, cold)
    start = np.clip(base, 0, 1).mean()
    result = np.clip(base + strength * profile, 0, 1).mean()
    if (goal >= start) if cold else (goal <= start):
        assert strength == 0
    else:
        assert (strength < 0) == cold
        assert result == pytest.approx(goal, abs=1e-6)


def test_strength_beyond_the_full_scale_saturates():
    base, profile = np.full(4, 0.5), np.array([1.0, 0.8, 0.6, 0.4])
    strength = solve_strength(base, profile, 1.5)
    assert np.clip(base + strength * profile, 0, 1).mean() == pytest.approx(1)
    assert strength == pytest.approx(0.5 / 0.4)
