from __future__ import annotations

import numpy as np
import pytest

from mmirstd.evaluation.functional import count_image, evaluate
from mmirstd.evaluation.image_counts import MEASURES, bootstrap_differences, measure, read_image_counts
from mmirstd.evaluation.seed_statistics import PairedDifference


def scenes(shift: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Twelve images: some with targets, some empty, predictions that miss, hit in part or alarm falsely."""
    rng = np.random.default_rng(5)
    pairs = []
    for k in range(12):
        truth, score = np.zeros((24 + k, 32)), np.zeros((24 + k, 32))
        if k % 4:
            y, x = rng.integers(3, 18, 2)
            truth[y : y + 3, x : x + 3] = 1
            if k % 3:
                score[y + shift : y + 3, x : x + 3] = 0.9
        if k % 5 == 0:
            score[20, 28:30] = 0.8
        pairs.append((score.astype(np.float32), truth.astype(np.uint8)))
    return pairs


def table(pairs: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, list]:
    images = []
    for k, (score, truth) in enumerate(pairs):
        counts = count_image('default', score, truth)
        images.append(
            dict(
                image=f'/data/x/images/i{k}.png',
                height=truth.shape[0],
                width=truth.shape[1],
                **{name: counts['pixel'][name] for name in ('tp', 'fp', 'fn')},
                **{name: counts['targets'][name] for name in ('targets', 'detected', 'false_pixels')},
            )
        )
    return read_image_counts(images)


def bootstrap_difference(a: list[dict], b: list[dict], name: str) -> PairedDifference:
    return bootstrap_differences(a, b, [name])[name]


@pytest.mark.parametrize('name', MEASURES)
def test_measures_are_those_of_the_default_protocol(name: str) -> None:
    pairs = scenes(1)
    assert measure(table(pairs), name)[0] == pytest.approx(evaluate('default', pairs)[name], rel=1e-12)
    chosen = [0, 3, 3, 5, 7, 7, 7, 11]
    weights = np.bincount(chosen, minlength=len(pairs))[None].astype(float)
    again = evaluate('default', [pairs[k] for k in chosen])[name]
    assert measure(table(pairs), name, weights)[0] == pytest.approx(again, rel=1e-12)


def test_names_are_below_the_common_folder() -> None:
    row = dict(height=2, width=3, tp=0, fp=0, fn=0, targets=0, detected=0, false_pixels=0)
    one = read_image_counts([dict(row, image='/a/b/images/Misc_1.v2.png')])
    assert (one['name'], one['pixels']) == (['Misc_1.v2'], [6])
    two = read_image_counts([dict(row, image='/a/images/p/1.png'), dict(row, image='/a/images/q/1.png')])
    assert two['name'] == ['p/1', 'q/1']


def test_the_interval_covers_what_resampling_says() -> None:
    better, worse = table(scenes(0)), table(scenes(2))
    result = bootstrap_difference([better, better], [worse, worse], 'IoU')
    assert result.n == 12
    assert result.mean == pytest.approx(measure(better, 'IoU')[0] - measure(worse, 'IoU')[0])
    assert result.low < result.mean < result.high
    assert (result.sign, result.positive, result.negative) == (1, 2, 0)
    assert bootstrap_difference([worse], [better], 'IoU').sign == -1
    same = bootstrap_difference([better], [better], 'nIoU')
    assert (same.low, same.mean, same.high, same.sign) == (0, 0, 0, 0)
    alone = bootstrap_difference([better], [worse], 'IoU')
    assert alone == bootstrap_differences([better], [worse], ['Pd', 'IoU'])['IoU']


def test_the_standard_error_of_a_mean() -> None:
    """nIoU is a mean over images, whose bootstrap interval is nearly mean +- 1.96 s / sqrt(n)."""
    rng = np.random.default_rng(0)
    tp = rng.integers(0, 101, 400)
    counts = {name: [0] * 400 for name in ('fp', 'targets', 'detected', 'false_pixels', 'pixels')}
    some = dict(counts, name=list(range(400)), tp=tp.tolist(), fn=(100 - tp).tolist())
    none = dict(some, tp=[0] * 400, fn=[100] * 400)
    result = bootstrap_difference([some], [none], 'nIoU')
    error = float((tp / 100).std() / 20)
    assert result.high - result.low == pytest.approx(2 * 1.96 * error, rel=0.05)
    assert result.low + result.high == pytest.approx(2 * result.mean, abs=0.2 * error)


def test_what_is_undefined() -> None:
    empty = {name: [0, 0] for name in ('tp', 'fp', 'fn', 'targets', 'detected', 'false_pixels')}
    empty.update(name=['a', 'b'], pixels=[9, 9])
    assert measure(empty, 'IoU')[0] == 1.0
    assert np.isnan(measure(empty, 'Pd')[0])
    result = bootstrap_difference([empty], [empty], 'Pd')
    assert (result.low, result.high) == (None, None)
    with pytest.raises(ValueError, match='are no pairs'):
        bootstrap_difference([empty], [], 'Pd')
    with pytest.raises(ValueError, match='not of the same images'):
        bootstrap_difference([empty], [dict(empty, name=['b', 'a'])], 'Pd')
