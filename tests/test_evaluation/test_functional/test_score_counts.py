"""Average precision from counts is that of pycocotools."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from mmirstd.evaluation.functional import CocoEvaluation, FrameDetections
from mmirstd.evaluation.functional.score_counts import ALL, SCORE_BINS, ScoreCounts, count_by_score


def frames(count: int = 60, seed: int = 0, sequences: int = 6) -> list[FrameDetections]:
    """Targets of several SCR, found the better the higher it is, and false alarms; some frames are empty."""
    rng = np.random.default_rng(seed)
    made = []
    for index in range(count):
        number = int(rng.integers(0, 4))
        corner = rng.uniform(0, 80, (number, 2))
        targets = np.concatenate([corner, corner + 8], axis=1)
        scr = rng.uniform(0.2, 5, number)
        found = rng.random(number) < 0.3 + 0.12 * scr
        false = rng.uniform(0, 80, (int(rng.integers(0, 6)), 2))
        boxes = np.concatenate([targets[found] + rng.uniform(-1.5, 1.5, (found.sum(), 1)), np.tile(false, 2)])
        boxes[found.sum() :, 2:] += 8
        scores = np.concatenate([rng.beta(2 + scr[found], 3), rng.beta(1, 4, len(false))]).round(2)  # with ties
        made.append(
            FrameDetections(
                index,
                f's{index % sequences}',
                (96, 96),
                targets,
                np.zeros(number, np.int64),
                rng.random(number) < 0.1,
                scr,
                boxes,
                scores,
                np.zeros(len(boxes), np.int64),
            )
        )
    return made


EDGES = (0.0, 1.0, 2.0, 4.0)


@pytest.mark.parametrize('seed', range(4))
def test_a_bin_a_detection_gives_pycocotools_s_figure(seed: int) -> None:
    coco = CocoEvaluation(frames(seed=seed))
    expected = coco.summarize()['mAP50']
    assert 0.2 < expected < 0.8
    assert count_by_score(coco).mean_precision() == pytest.approx(expected, abs=1e-9)
    assert count_by_score(coco, EDGES).mean_precision() == pytest.approx(expected, abs=1e-9)
    part = [0, 5, 6, 7, 30]
    assert count_by_score(coco, indices=part).mean_precision() == pytest.approx(coco.summarize(part)['mAP50'], abs=1e-9)


def test_many_sequences_taken_together_take_no_more_memory_than_one() -> None:
    made = frames(400, sequences=400)
    coco = CocoEvaluation(made)
    apart, together = count_by_score(coco, EDGES), count_by_score(coco, EDGES, by_sequence=False)
    assert together.sequences == ('',)
    for name in (ALL, *apart.bins):
        assert together.mean_precision(name) == pytest.approx(apart.mean_precision(name), abs=1e-12)
    np.testing.assert_array_equal(together.targets, apart.targets.sum(axis=0, keepdims=True))
    assert together.true.nbytes * 400 == apart.true.nbytes


def test_weights_are_repetitions() -> None:
    made = frames()
    counts = count_by_score(CocoEvaluation(made))
    weights = np.array([[2, 0, 1, 0, 3, 1], [1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 1]], float)
    found = counts.average_precision(weights=weights)
    for row, value in zip(weights, found):
        repeated = [
            FrameDetections(f'{frame.image}-{k}', **{key: getattr(frame, key) for key in FIELDS})
            for frame in made
            for k in range(int(row[int(frame.sequence[1:])]))
        ]
        # equal scores of one detection and its copies come in another order among others' equal scores
        assert value == pytest.approx(CocoEvaluation(repeated).summarize()['mAP50'], abs=0.01)


FIELDS = ('sequence', 'shape', 'targets', 'target_labels', 'ignored', 'scr', 'boxes', 'scores', 'labels')


def test_of_an_scr_bin_only_its_targets_count() -> None:
    made = frames(seed=5)
    counts = count_by_score(CocoEvaluation(made), EDGES)
    assert counts.bins == ('0-1', '1-2', '2-4')
    for low, high, name in zip(EDGES, EDGES[1:], counts.bins):
        # the other targets ignored, as pycocotools ignores what is outside of an area range
        inside = [
            FrameDetections(
                frame.image,
                **{key: getattr(frame, key) for key in FIELDS if key != 'ignored'},
                ignored=frame.ignored | (frame.scr < low) | (frame.scr >= high),
            )
            for frame in made
        ]
        assert counts.mean_precision(name) == pytest.approx(CocoEvaluation(inside).summarize()['mAP50'], abs=0.01)
    assert counts.mean_precision('0-1') < counts.mean_precision('2-4')
    total = sum((~frame.ignored).sum() for frame in made)
    assert counts.targets.sum() == total
    assert counts.targets[:, 3].sum() == sum(((frame.scr >= 4) & ~frame.ignored).sum() for frame in made) > 0


def test_some_bins_are_enough() -> None:
    for seed in range(4):
        coco = CocoEvaluation(frames(400, seed, 40))
        for name in (ALL, '0-1', '2-4'):
            exact = count_by_score(coco, EDGES).mean_precision(name)
            assert count_by_score(coco, EDGES, SCORE_BINS).mean_precision(name) == pytest.approx(exact, abs=0.01)


@pytest.mark.parametrize('seed', range(4))
@pytest.mark.parametrize('num_bins', [1, 5, SCORE_BINS])
def test_bounds_hold_whatever_the_bins(seed: int, num_bins: int) -> None:
    coco = CocoEvaluation(frames(seed=seed))
    exact, binned = count_by_score(coco, EDGES), count_by_score(coco, EDGES, num_bins)
    for name in (ALL, *exact.bins):
        value = exact.mean_precision(name)
        assert exact.precision_bounds(name) == pytest.approx((value, value), abs=1e-12)
        low, high = binned.precision_bounds(name)
        assert low <= value + 1e-12
        assert value <= high + 1e-12
        assert low < high
    assert all(math.isnan(bound) for bound in count_by_score(CocoEvaluation([])).precision_bounds())


def test_to_json_and_back() -> None:
    counts = count_by_score(CocoEvaluation(frames()), EDGES, 20)
    again = ScoreCounts.from_dict(json.loads(json.dumps(counts.to_dict())))
    assert again.sequences == counts.sequences
    assert again.bins == counts.bins
    for key in ('targets', 'true', 'false'):
        np.testing.assert_array_equal(getattr(again, key), getattr(counts, key))


def test_groups_of_sequences_give_the_same_whole() -> None:
    counts = count_by_score(CocoEvaluation(frames(100, sequences=10)), EDGES, 20)
    groups = counts.merged(4)
    assert groups.sequences == ('s0', 's2', 's5', 's7')
    assert groups.mean_precision() == pytest.approx(counts.mean_precision())
    assert counts.merged(99).sequences == counts.sequences
    first = counts.average_precision(weights=np.array([[1.0, 1, 0, 0, 0, 0, 0, 0, 0, 0]]))
    assert groups.average_precision(weights=np.array([[1.0, 0, 0, 0]])) == pytest.approx(first)


def test_nothing_there() -> None:
    empty = FrameDetections(
        0,
        's0',
        (96, 96),
        np.zeros((0, 4)),
        np.zeros(0, np.int64),
        np.zeros(0, bool),
        np.zeros(0),
        np.array([[1.0, 1, 5, 5]]),
        np.array([0.5]),
        np.zeros(1, np.int64),
    )
    assert math.isnan(count_by_score(CocoEvaluation([empty]), EDGES, 10).mean_precision())
    assert math.isnan(count_by_score(CocoEvaluation([]), EDGES, 10).mean_precision())
    with pytest.raises(KeyError, match="no SCR bin '8-9'"):
        count_by_score(CocoEvaluation([empty]), EDGES).mean_precision('8-9')
