from __future__ import annotations

import numpy as np
import pytest

from mmirstd.tracking import PointTracker, TrackOptions, TrackPoint
from mmirstd.tracking.options import parse_confirmation
from mmirstd.utils.errors import ConfigError

from .test_camera_motion import ground, view


def run(frames: list[list[tuple[float, float]]], **options: object) -> list[list[TrackPoint]]:
    tracker = PointTracker(TrackOptions(**options))
    return [tracker.update(points) for points in frames]


def straight(count: int, start: tuple[float, float] = (10, 10), step: tuple[float, float] = (1, 0.5)) -> list:
    return [[(start[0] + k * step[0], start[1] + k * step[1])] for k in range(count)]


@pytest.mark.parametrize(('confirm', 'seen'), [((1, 1), 0), ((2, 2), 1), ((3, 5), 2), ((5, 8), 4)])
def test_confirmed_with_the_mth_detection(confirm: tuple[int, int], seen: int) -> None:
    found = run(straight(12), confirm=confirm)
    assert [len(points) for points in found] == [0] * seen + [1] * (12 - seen)
    assert {point.id for points in found for point in points} == {1}
    assert found[seen][0].first == 0
    assert found[-1][0].hits == 12


def test_m_of_n_with_misses_in_between() -> None:
    frames = straight(8)
    for missing in (1, 3):  # hits at 0, 2, 4: three in five frames
        frames[missing] = []
    assert [len(points) for points in run(frames, confirm=(3, 5))] == [0, 0, 0, 0, 1, 1, 1, 1]
    for missing in (1, 2, 3):  # hits at 0, 4: one in the first four; the next begin anew
        frames[missing] = []
    assert [len(points) for points in run(frames, confirm=(3, 5))] == [0, 0, 0, 0, 0, 0, 1, 1]


def test_coasting_and_the_end() -> None:
    frames = straight(10) + [[]] * 6
    found = run(frames, coast=4)
    assert [len(points) for points in found[10:]] == [1, 1, 1, 1, 0, 0]
    coasting = [points[0] for points in found[10:14]]
    assert not any(point.detected for point in coasting)
    # it goes on as before
    np.testing.assert_allclose([(p.x, p.y) for p in coasting], [(20 + k, 15 + k / 2) for k in range(4)], atol=0.3)


def test_taken_up_again_under_its_number() -> None:
    frames = straight(30)
    for k in range(12, 18):
        frames[k] = []
    found = run(frames, coast=6)
    assert {point.id for points in found for point in points} == {1}
    assert run(frames, coast=4)[-1][0].id == 2


def test_crossing_targets_keep_their_numbers() -> None:
    up = [(10.0 + k, 10.0 + k) for k in range(40)]
    down = [(10.0 + k, 50.0 - k) for k in range(40)]
    found = run([[a, b] if k % 2 else [b, a] for k, (a, b) in enumerate(zip(up, down))])
    first, last = found[5], found[-1]
    assert len(first) == len(last) == 2
    for point in first:
        (same,) = (other for other in last if other.id == point.id)
        assert np.sign(same.vy) == np.sign(point.vy)
        assert np.sign(same.y - 30) == -np.sign(point.y - 30)


def test_no_target_is_faster_than_the_greatest_speed() -> None:
    assert not any(run(straight(20, step=(8, 0)), max_speed=5))
    assert run(straight(20, step=(8, 0)), max_speed=10)[-1]


def test_noise_alone_gives_hardly_a_track() -> None:
    rng = np.random.default_rng(0)
    frames = [rng.uniform(0, 256, (3, 2)).tolist() for _ in range(300)]
    ids = {point.id for points in run(frames, confirm=(4, 5)) for point in points}
    assert len(ids) <= 1
    loose = {point.id for points in run(frames, confirm=(2, 5)) for point in points}
    assert len(loose) > 10  # so that the figure above is no accident of too narrow gates


def test_order_of_detections_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    frames = [rng.uniform(0, 40, (4, 2)).tolist() for _ in range(60)]
    turned = [points[::-1] for points in frames]
    for points, others in zip(run(frames, confirm=(2, 3)), run(turned, confirm=(2, 3))):
        np.testing.assert_allclose(sorted((p.x, p.y) for p in points), sorted((p.x, p.y) for p in others))


def test_box_and_score_of_the_detection() -> None:
    tracker = PointTracker(TrackOptions(confirm=(1, 1)))
    (point,) = tracker.update([(20, 30)], [0.75], [(18, 29, 23, 32)])
    assert (point.x0, point.y0, point.x1, point.y1, point.score) == (18, 29, 23, 32, 0.75)
    (moved,) = tracker.update([])
    assert (moved.score, moved.detected, moved.hits) == (0.75, False, 1)


def test_motion_joins_detections_and_their_classes_vote() -> None:
    tracker = PointTracker(TrackOptions(confirm=(1, 1)))
    seen = [
        tracker.update([(10 + k, 10)], [score], [(8 + k, 8, 13 + k, 13)], classes=[name])[0]
        for k, (name, score) in enumerate([('bird', 0.5), ('drone', 0.3), ('drone', 0.3), ('bird', 0.3)])
    ]
    assert {point.id for point in seen} == {1}
    assert [point.class_name for point in seen] == ['bird', 'bird', 'drone', 'bird']
    np.testing.assert_allclose([point.class_share for point in seen], [1, 0.5 / 0.8, 0.6 / 1.1, 0.8 / 1.4])
    (coasting,) = tracker.update([], classes=[])
    assert (coasting.detected, coasting.class_name) == (False, 'bird')


def test_boxes_of_two_classes_on_one_target_are_one_track() -> None:
    tracker = PointTracker()
    for k in range(6):
        box = (8 + k, 8, 13 + k, 13)
        found = tracker.update([(10 + k, 10)] * 2, [0.6, 0.7], [box] * 2, classes=['bird', 'drone'])
    (point,) = found
    assert (point.class_name, point.hits, point.score) == ('drone', 6, 0.7)
    assert point.class_share == pytest.approx(0.7 / 1.3)
    # a class whose scores are all 0 is no division by zero
    (point,) = PointTracker(TrackOptions(confirm=(1, 1))).update([(10, 10)], [0.0], classes=['bird'])
    assert (point.class_name, point.class_share) == ('bird', 1)


def test_without_classes_a_track_has_none() -> None:
    point = run(straight(4))[-1][0]
    assert (point.class_name, point.class_share) == (None, None)


def test_moving_is_told_over_the_background() -> None:
    """A camera that pans: a point that stands in the image moves, one that goes with the ground stands."""
    image = ground()
    tracker = PointTracker()
    for k in range(25):
        found = tracker.update([(100, 100), (150 - k, 60)], image=view(image, 150 + k, 160))
    moving = {round(point.y): point.moving for point in found}
    assert moving == {100: True, 60: False}
    follows, stands = (next(p for p in found if round(p.y) == y) for y in (100, 60))
    assert follows.vx == pytest.approx(1, abs=0.1)
    assert stands.vx == pytest.approx(0, abs=0.1)
    # where it was on the ground, in the coordinates of today
    np.testing.assert_allclose(follows.trail[0], (76, 100), atol=1)


def test_too_young_to_tell_and_moving_only() -> None:
    standing = [[(50.0, 50.0)]] * 20
    found = run(standing, still_frames=10)
    assert [points[0].moving for points in found[2:]] == [None] * 8 + [False] * 10
    assert not any(run(standing, moving_only=True))
    moving = run(straight(20), moving_only=True)
    # 3 pixels on, by steps of 1.1
    assert [len(points) for points in moving][:6] == [0, 0, 0, 1, 1, 1]
    assert moving[-1][0].id == 1


def test_a_jump_of_the_camera_ends_all_tracks() -> None:
    tracker = PointTracker()
    for k in range(6):
        before = tracker.update([(50 + k, 50)], image=view(ground(1), 160, 160) + k % 2)
    after = [tracker.update([(56 + k, 50)], image=view(ground(2), 160, 160) + k % 2) for k in range(4)]
    assert [point.id for point in before] == [1]
    assert [[point.id for point in points] for points in after] == [[], [], [2], [2]]
    assert tracker.jumps == [6]


def test_a_frame_again_is_no_frame() -> None:
    image = ground()
    tracker, once = PointTracker(), PointTracker()
    for k in range(8):
        points, frame = [(50 + k, 50)], view(image, 160 + k, 160)
        expected = once.update(points, image=frame)
        for _ in range(2):
            found = tracker.update(points, image=frame.copy())
            assert [(p.x, p.y, p.hits) for p in found] == [(p.x, p.y, p.hits) for p in expected]
    assert tracker.repeats == 8
    assert found[0].frame == 15


def test_missing_frames_are_frames_without_a_detection() -> None:
    tracker = PointTracker(TrackOptions(coast=5))
    for k in range(6):
        tracker.update([(10 + k, 10)])
    (point,) = tracker.update([(19, 10)], time=4)
    assert (point.id, point.detected) == (1, True)
    assert point.vx == pytest.approx(1, abs=0.05)
    assert not tracker.update([(27, 10)], time=8)  # a gap of 7 frames is too long to coast over
    fresh = PointTracker(TrackOptions(confirm=(2, 3)))
    fresh.update([(10, 10)])
    assert not fresh.update([(12, 10)], time=3)  # two detections in four frames


def test_a_track_ends_where_it_leaves_the_image() -> None:
    tracker = PointTracker(TrackOptions(camera='still', coast=50))
    rng = np.random.default_rng(0)
    counts = [
        len(tracker.update([(180 + 2 * k, 100)] if k < 10 else [], image=rng.random((200, 200)))) for k in range(12)
    ]
    assert counts == [0, 0, *[1] * 8, 0, 0]


def test_frames_of_another_size_are_an_error() -> None:
    tracker = PointTracker()
    tracker.update([], image=np.zeros((20, 30)))
    with pytest.raises(ValueError, match='frame 1 has 10x20 pixels, those before it 30x20') as told:
        tracker.update([], image=np.zeros((20, 10)))
    assert 'reset()' in str(told.value)
    tracker.reset()
    tracker.update([], image=np.zeros((20, 10)))


def test_time_goes_on() -> None:
    with pytest.raises(ValueError, match='time is 0'):
        PointTracker().update([], time=0)


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (dict(confirm=(4, 3)), 'confirm 4/3'),
        (dict(confirm=(0, 3)), 'confirm 0/3'),
        (dict(coast=-1), 'coast: found -1'),
        (dict(max_speed=0), 'max_speed: found 0'),
        (dict(max_speed=float('inf')), 'max_speed: found inf'),
        (dict(maneuver=float('nan')), 'maneuver: found nan'),
        (dict(camera='moving'), 'camera: found moving'),
    ],
)
def test_options_out_of_range(options: dict, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        TrackOptions(**options)


def test_confirmation_as_it_is_typed() -> None:
    assert parse_confirmation('3/5') == (3, 5)
    for text in ('3', '5/3', '0/2', 'a/b', '3/5/7', '-1/2', ''):
        with pytest.raises(ConfigError, match='M/N'):
            parse_confirmation(text)


def test_an_interruption_ends_all_tracks_and_takes_another_size() -> None:
    tracker = PointTracker(TrackOptions(confirm=(1, 1), coast=9))
    assert [point.id for point in tracker.update([(10, 10)], image=np.zeros((32, 32), np.uint8))] == [1]
    tracker.interrupt()
    # without it the track would coast, and the size would be an error
    assert tracker.update([], image=np.zeros((48, 32), np.uint8)) == []
    assert [point.id for point in tracker.update([(10, 11)], image=np.ones((48, 32), np.uint8))] == [2]


@pytest.mark.parametrize(
    ('given', 'words'),
    [
        (dict(points=[(1, 2, 0.9), (3, 4, 0.8)]), r'points of shape \(2, 3\); expected \(N, 2\)'),
        (dict(points=[1, 2]), r'points of shape \(2,\)'),
        (dict(points=[(1, 2), (3, 4)], scores=[0.5]), r'scores of shape \(1,\) for 2 points'),
        (dict(points=[(1, 2)], boxes=[(0, 0, 1, 1), (2, 2, 3, 3)]), r'boxes of shape \(2, 4\) for 1 points'),
        (dict(points=[(np.nan, 2)]), 'NaN'),
        (dict(points=[(1, 2)], scores=[np.inf]), 'infinity'),
        (dict(points=[(1, 2)], image=np.zeros((8, 8, 3), np.uint8)), r'\(8, 8, 3\); expected gray values'),
        (dict(points=[(1, 2)], time=float('nan')), 'time is nan'),
        (dict(points=[(1, 2)], classes=['bird', 'drone']), '2 classes for 1 points'),
    ],
)
def test_detections_that_would_be_misread_are_refused(given: dict, words: str) -> None:
    tracker = PointTracker(TrackOptions(confirm=(1, 1)))
    with pytest.raises(ValueError, match=words):
        tracker.update(**given)
    # nothing of it was taken in
    assert [(point.frame, point.x, point.y) for point in tracker.update([(5, 6)])] == [(0, 5, 6)]


def test_no_detection_in_whatever_form() -> None:
    tracker = PointTracker()
    assert tracker.update([]) == tracker.update(np.empty((0, 2)), [], np.empty((0, 4))) == []
