from __future__ import annotations

import numpy as np
import pytest

from mmirstd.datasets.synthetic import SceneConfig, SequenceConfig, TargetConfig
from mmirstd.datasets.synthetic.trajectories import camera_path, constant_velocity, draw_tracks, turning, visible


def config(count=(0, 1), **values):
    values.setdefault('trajectories', 'constant')
    return SequenceConfig(scene=SceneConfig(size=(96, 128), targets=TargetConfig(count=count)), **values)


def test_camera_starts_at_zero_and_drifts_with_jitter():
    rng = np.random.default_rng(0)
    path = camera_path(config(num_frames=400, drift=(0.5, 0.5), jitter=0.2), rng)
    assert path.shape == (400, 2)
    assert path[0].tolist() == [0, 0]
    speed = np.polyfit(np.arange(400), path, 1)[0]
    assert np.hypot(*speed) == pytest.approx(0.5, abs=0.01)
    rest = path - np.arange(400)[:, None] * speed
    assert rest.std(0) == pytest.approx((0.2, 0.2), rel=0.15)


def test_constant_velocity():
    path = constant_velocity(5, (1, 2), (0.5, -1))
    assert path.tolist() == [[1, 2], [1.5, 1], [2, 0], [2.5, -1], [3, -2]]


def test_turning_is_a_circle_of_the_right_radius():
    path = turning(90, (10, 20), (1.0, 0.0), 4.0)
    assert path[0].tolist() == [10, 20]
    radius = 1 / np.deg2rad(4)
    center = np.array((10, 20 + radius))  # positive rates turn from +x to +y
    assert np.hypot(*(path - center).T) == pytest.approx(np.full(90, radius))
    steps = np.hypot(*np.diff(path, axis=0).T)
    assert np.ptp(steps) < 1e-9
    np.testing.assert_allclose(turning(5, (0, 0), (1, 2), 0.0), constant_velocity(5, (0, 0), (1, 2)))


def test_visible_is_about_pixel_centers():
    points = np.array([(-0.5, 0), (-0.51, 0), (127.49, 95.49), (127.5, 0), (0, 95.5)])
    assert visible(points, (96, 128)).tolist() == [True, False, True, False, False]


@pytest.mark.parametrize('kind', ['constant', 'turning', 'crossing'])
def test_speed_over_the_background(kind):
    cfg = config(count=(0, 0, 1), trajectories=kind, speed=(1.2, 1.2), num_frames=30, min_visible=0.2)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        camera = camera_path(cfg, rng)
        tracks = draw_tracks(cfg, camera, rng)
        assert len(tracks) == 2
        for track in tracks:
            assert track.kind == kind
            steps = np.hypot(*np.diff(track.positions + camera, axis=0).T)
            assert steps == pytest.approx(np.full(29, 1.2), rel=0.01)


def test_crossing_tracks_meet():
    cfg = config(count=(0, 0, 1), trajectories='crossing', num_frames=60)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        one, two = draw_tracks(cfg, camera_path(cfg, rng), rng)
        assert (one.partner, two.partner) == (1, 0)
        gap = one.positions - two.positions
        at_meeting = [np.interp(one.meeting_frame, np.arange(60), gap[:, k]) for k in (0, 1)]
        assert at_meeting == pytest.approx([0, 0], abs=1e-6)
        assert max(np.hypot(*gap[0]), np.hypot(*gap[-1])) >= 15


@pytest.mark.parametrize('least', [0.3, 1.0])
def test_visible_long_enough_and_apart(least):
    cfg = config(count=(0, 0, 0, 1), min_visible=least, speed=(0.5, 1.5), trajectories={'constant': 1, 'turning': 1})
    for seed in range(10):
        rng = np.random.default_rng(seed)
        tracks = draw_tracks(cfg, camera_path(cfg, rng), rng)
        seen = [visible(t.positions, (96, 128)) for t in tracks]
        assert all(s.mean() >= least for s in seen)
        for i in range(len(tracks)):
            for j in range(i):
                both = seen[i] & seen[j]
                gap = np.hypot(*(tracks[i].positions - tracks[j].positions).T)
                assert not both.any() or gap[both].min() >= 16


def test_some_enter_and_leave():
    cfg = config(min_visible=0.3, speed=(2.0, 3.0))
    rng = np.random.default_rng(0)
    always = [visible(draw_tracks(cfg, np.zeros((40, 2)), rng)[0].positions, (96, 128)).all() for _ in range(30)]
    assert 0 < sum(always) < 30


def test_an_odd_one_out_of_crossing_pairs_flies_straight():
    cfg = config(count=(0, 0, 0, 1), trajectories='crossing', min_visible=0.2)
    rng = np.random.default_rng(2)
    tracks = draw_tracks(cfg, np.zeros((40, 2)), rng)
    assert sorted(t.kind for t in tracks) == ['constant', 'crossing', 'crossing']
