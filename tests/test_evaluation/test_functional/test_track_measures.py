from __future__ import annotations

import sys

import numpy as np
import pytest

from mmirstd.evaluation.functional.track_measures import (
    SequenceTracks,
    TrackMeasures,
    identity_measures,
    measure_tracks,
    nearness,
)
from mmirstd.utils.errors import UserError


def target(number: int, x: float, y: float) -> tuple[float, ...]:
    """A target of 3x3 pixels with its center at the center of pixel x, y."""
    return number, x - 1, y - 1, x + 2, y + 2


def sequence(truth: list[list[tuple]], points: list[list[tuple]], fps: float = 10) -> SequenceTracks:
    return SequenceTracks(
        'a',
        [np.array(frame, float).reshape(-1, 5) for frame in truth],
        [np.array(frame, float).reshape(-1, 4) for frame in points],
        fps,
    )


WAY = [[target(0, 10 + k, 10)] for k in range(10)]


def test_nearness_falls_from_the_edge_of_the_box() -> None:
    (truth,) = sequence([[target(0, 10, 10)]], [[]]).truth
    points = np.array([(1, x, 10, 1) for x in (10, 11.5, 13, 14.5, 17.5, 100)])
    np.testing.assert_allclose(nearness(truth, points, 3)[0], [1, 1, 0.75, 0.5, 0, 0])


def test_counts_of_a_track_that_comes_late_and_one_of_clutter() -> None:
    points = [[(1, 10 + k, 11, 1)] * (k >= 3) + [(2, 50, 50, k < 8)] * (k >= 2) for k in range(10)]
    found = measure_tracks(sequence(WAY, points))
    assert (found.targets, found.found, found.tracks, found.false_tracks, found.delays) == (1, 1, 2, 1, [3])
    assert (found.target_frames, found.covered) == (10, 7)
    figures = found.figures()
    assert figures['Pd'] == 0.7
    assert figures['false tracks/h'] == pytest.approx(3600)  # one in the ten frames of a second


def test_a_second_track_on_a_target_is_none_of_clutter_and_covers_nothing_more() -> None:
    points = [[(1, 10 + k, 10, 1), (2, 11 + k, 10, 1)] for k in range(10)]
    found = measure_tracks(sequence(WAY, points))
    assert (found.tracks, found.false_tracks, found.covered) == (2, 0, 10)


def test_which_class_the_tracks_on_targets_have() -> None:
    points = [[(1, 10 + k, 10, 1)] * (k >= 2) + [(2, 50, 50, 1)] for k in range(10)]
    given = sequence(WAY, points)
    assert not measure_tracks(given).named
    given.target_classes = [['bird']] * 10
    given.track_classes = [(['drone'] if k < 5 else ['bird']) * (k >= 2) + ['kite'] for k in range(10)]
    total = TrackMeasures()
    for _ in range(2):
        total.add(measure_tracks(given))
    assert total.named == {('bird', None): 4, ('bird', 'drone'): 6, ('bird', 'bird'): 10}


def test_a_track_is_false_by_its_detections_not_by_its_coasting() -> None:
    on, off = [(1, 12, 10, 1)], [(1, 90, 90, 0)]
    found = measure_tracks(sequence([[target(0, 12, 10)]] * 10, [on] * 3 + [off] * 7))
    assert found.false_tracks == 0
    off = [(1, 90, 90, 1)]
    assert measure_tracks(sequence([[target(0, 12, 10)]] * 10, [on] * 3 + [off] * 7)).false_tracks == 1


def test_sequences_add_up() -> None:
    total = TrackMeasures()
    for part in (sequence(WAY, [[(1, 10 + k, 10, 1)] for k in range(10)]), sequence(WAY, [[]] * 10)):
        total.add(measure_tracks(part))
    figures = total.figures()
    assert (figures['Pd'], figures['targets found'], figures['frames to confirm']) == (0.5, 0.5, 0)
    assert total.frames == 20
    nothing = TrackMeasures().figures()
    assert all(np.isnan(value) for value in nothing.values())


def test_identity_by_motmetrics() -> None:
    pytest.importorskip('motmetrics')
    perfect = sequence(WAY, [[(7, 10 + k, 10, 1)] for k in range(10)])
    found = identity_measures([perfect])
    assert found == {'IDF1': 1, 'ID precision': 1, 'ID recall': 1, 'ID switches': 0}
    # another number from the middle on: half of the target under one of them
    changed = sequence(WAY, [[(1 + (k >= 5), 10 + k, 10, 1)] for k in range(10)])
    found = identity_measures([changed])
    assert (found['IDF1'], found['ID switches']) == (0.5, 1)
    # sequences without targets, or without tracks: 10 of 20 targets found, 10 of 13 points right
    empty = [sequence([[]] * 3, [[(1, 5, 5, 1)]] * 3), sequence(WAY, [[]] * 10), sequence([[]] * 3, [[]] * 3)]
    found = identity_measures([perfect, *empty])
    assert found['IDF1'] == pytest.approx(2 * 10 / (20 + 13))
    # 3 pixels outside of the box are near enough, 4 are not
    for far, value in ((4.4, 1), (5.6, 0)):
        aside = sequence(WAY, [[(7, 10 + k, 10 + far, 1)] for k in range(10)])
        assert identity_measures([aside])['IDF1'] == value


def test_without_motmetrics_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'motmetrics', None)
    with pytest.raises(UserError, match=r'mmirstd\[track\]'):
        identity_measures([])
