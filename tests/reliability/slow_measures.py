"""Measures written from their definitions, with loops over sets of pixels, for comparison only.

Nothing of ``mmirstd.evaluation`` is used.  Masks are of 0 and 1, where all rules of the truth agree.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

Pixels = set[tuple[int, int]]
Pair = tuple[np.ndarray, np.ndarray]
Box = tuple[float, float, float, float]


def components(pixels: Pixels) -> list[Pixels]:
    """Sets of pixels that touch, corners included, in the order of their first pixels."""
    left, found = set(pixels), []
    for start in sorted(pixels):
        if start not in left:
            continue
        part: Pixels = set()
        left.discard(start)
        todo = [start]
        while todo:
            y, x = todo.pop()
            part.add((y, x))
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= near
            todo.extend(near)
        found.append(part)
    return found


def above(score: np.ndarray, rule: str) -> Pixels:
    """The pixels that a protocol takes for targets."""
    values = {(y, x): score[y, x] for y in range(score.shape[0]) for x in range(score.shape[1])}
    high, low = max(values.values()), min(values.values())
    one = type(high)  # float32 as the maps: a threshold is met in their precision
    if rule == 'half':
        return {place for place, value in values.items() if value > one(0.5)}
    if rule == 'half of the maximum':
        return {place for place, value in values.items() if high > 0 and value / high > one(0.5)}
    limit = {'0.22 of the range': 0.22, 'more than the minimum': 0.0}[rule]
    return {place for place, value in values.items() if high > low and (value - low) / (high - low) > one(limit)}


def _center(part: Pixels) -> tuple[Fraction, Fraction]:
    count = len(part)
    return Fraction(sum(y for y, _ in part), count), Fraction(sum(x for _, x in part), count)


def _square(one: Pixels, other: Pixels) -> Fraction:
    """Of the distance of two centroids."""
    (a, b), (c, d) = _center(one), _center(other)
    return (a - c) ** 2 + (b - d) ** 2


def nearest(targets: list[Pixels], found: list[Pixels]) -> set[int]:
    """Which of the found belong to a target: the nearest pair first, one to one, nearer than 3."""
    squares = {(t, f): _square(a, b) for t, a in enumerate(targets) for f, b in enumerate(found)}
    near = {pair: square for pair, square in squares.items() if square < 9}

    def rivals(pair: tuple[int, int]) -> int:
        return sum(other[0] == pair[0] for other in near) + sum(other[1] == pair[1] for other in near)

    order = sorted(near, key=lambda pair: (near[pair], rivals(pair), -len(found[pair[1]]), pair))
    taken: dict[int, int] = {}
    for target, prediction in order:
        if target not in taken.values() and prediction not in taken:
            taken[prediction] = target
    return set(taken)


def first(targets: list[Pixels], found: list[Pixels]) -> set[int]:
    """The same as the official codes do it: each target takes the first free one that is nearer than 3."""
    taken: set[int] = set()
    for target in targets:
        for number, prediction in enumerate(found):
            if number not in taken and _square(target, prediction) < 9:
                taken.add(number)
                break
    return taken


def ratio(a: float, b: float, undefined: float = math.nan) -> float:
    return a / b if b else undefined


def _targets_of(mask: np.ndarray) -> Pixels:
    return {(int(y), int(x)) for y, x in zip(*np.nonzero(mask), strict=True)}


def _totals(pairs: Sequence[Pair], rule: str) -> tuple[int, int, int, list[float]]:
    """Pixels hit, false and missed of all images, and the IoU of each; NaN of an empty pair."""
    hit = false = missed = 0
    each = []
    for score, mask in pairs:
        found, truth = above(score, rule), _targets_of(mask)
        hit, false, missed = hit + len(found & truth), false + len(found - truth), missed + len(truth - found)
        each.append(ratio(len(found & truth), len(found | truth)))
    return hit, false, missed, each


def _mean_iou(each: Sequence[float], empty: float) -> float:
    return math.fsum(empty if math.isnan(value) else value for value in each) / len(each)


def _pd_fa(
    pairs: Sequence[Pair],
    rule: str,
    match: Callable[[list[Pixels], list[Pixels]], set[int]],
    same_area: bool,
    area: Callable[[Sequence[Pair]], int],
) -> dict[str, float]:
    targets = detected = found_parts = false = 0
    for score, mask in pairs:
        truth, found = components(_targets_of(mask)), components(above(score, rule))
        matched = match(truth, found)
        areas = {len(found[number]) for number in matched}
        targets, detected, found_parts = targets + len(truth), detected + len(matched), found_parts + len(found)
        for number, part in enumerate(found):
            excused = len(part) in areas if same_area else number in matched
            false += 0 if excused else len(part)
    fa = ratio(false, area(pairs))
    values = dict(Pd=ratio(detected, targets), Fa=fa, Fa_e6=fa * 1e6)
    if match is nearest:
        values['target_precision'] = ratio(detected, found_parts, 0.0 if targets else math.nan)
        values['target_F1'] = ratio(2 * detected, targets + found_parts)
    return values


def _all_pixels(pairs: Sequence[Pair]) -> int:
    return sum(mask.size for _, mask in pairs)


def _pixel(pairs: Sequence[Pair], rule: str, zero: bool) -> dict[str, float]:
    hit, false, missed, _ = _totals(pairs, rule)
    values = dict(
        IoU=ratio(hit, hit + false + missed, 1.0),
        precision=ratio(hit, hit + false, 0.0 if missed else math.nan),
        recall=ratio(hit, hit + missed),
        F1=ratio(2 * hit, 2 * hit + false + missed),
    )
    if zero:
        values['IoU'] = ratio(hit, hit + false + missed, 0.0)
        values = {name: 0.0 if math.isnan(value) else value for name, value in values.items()}
    return values


def _iou(pairs: Sequence[Pair], rule: str, single: bool) -> dict[str, float]:
    hit, false, missed, _ = _totals(pairs, rule)
    labeled = hit + missed
    accuracy = ratio(hit, labeled, 0.0)
    if single and labeled:
        accuracy = float(np.float32(hit) / np.float32(labeled))
    return dict(IoU=ratio(hit, hit + false + missed, 0.0), pixAcc=accuracy)


def _sctransnet_f1(pairs: Sequence[Pair]) -> float:
    hit, false, missed, _ = _totals(pairs, 'half')
    recall, precision = hit / (hit + missed + 0.001), hit / (hit + false + 0.001)
    return 2 * recall * precision / (recall + precision + 0.00001)


def _rpcanet_auc(pairs: Sequence[Pair]) -> float:
    """Targets hit over background hit at 0, 0.1, ..., 1 of the maximum, by trapezoids; images without target aside."""
    pairs = [pair for pair in pairs if pair[1].any()]
    targets = background = 0
    hits, alarms = [0] * 11, [0] * 11
    for score, mask in pairs:
        truth, high = _targets_of(mask), score.max()
        parts = components(truth)
        targets, background = targets + len(parts), background + mask.size - len(truth)
        scaled = score / high if high > 0 else np.zeros_like(score)
        for k in range(11):
            met = {
                (y, x)
                for y in range(score.shape[0])
                for x in range(score.shape[1])
                if scaled[y, x] >= type(high)(k / 10)
            }
            hits[k] += sum(bool(part & met) for part in parts)
            alarms[k] += len(met - truth)
    if not targets or not background:
        return math.nan
    x, y = [alarm / background for alarm in alarms], [hit / targets for hit in hits]
    return sum((x[k] - x[k + 1]) * (y[k] + y[k + 1]) / 2 for k in range(10))


def _near_pixels(pairs: Sequence[Pair]) -> dict[str, float]:
    """DTUM's rule: hit within 1 pixel of a target's pixel, false beyond 4 of all of them, in rows and columns.

    Target pixels nearer than that to the first row or column do not count.
    """
    targets = detected = false = 0
    for score, mask in pairs:
        found = {(y, x) for y in range(mask.shape[0]) for x in range(mask.shape[1]) if score[y, x] >= 0.5}
        truth = _targets_of(mask)

        def within(place: tuple[int, int], pixels: Pixels, reach: int) -> bool:
            return any(min(y, x) >= reach and max(abs(y - place[0]), abs(x - place[1])) <= reach for y, x in pixels)

        parts = components(truth)
        targets += len(parts)
        detected += sum(any(within(place, part, 1) for place in found) for part in parts)
        false += sum(not within(place, truth, 4) for place in found)
    fa = ratio(false, _all_pixels(pairs))
    return dict(Pd=ratio(detected, targets), Fa=fa, Fa_e6=fa * 1e6)


def slow_measures(pairs: Sequence[Pair], protocol: str = 'default') -> dict[str, float]:
    """What ``mmirstd.evaluation.functional.evaluate`` should say.

    Args:
        pairs: Maps of probabilities, and masks of 0 and 1.
        protocol: Its name.
    """
    last = lambda pairs: pairs[-1][1].size * len(pairs)  # noqa: E731
    fixed = lambda pairs: 256 * 256 * len(pairs)  # noqa: E731
    each = lambda rule, empty: _mean_iou(_totals(pairs, rule)[3], empty)  # noqa: E731
    if protocol == 'default':
        return {
            **_pixel(pairs, 'half', zero=False),
            'nIoU': each('half', 1.0),
            **_pd_fa(pairs, 'half', nearest, False, _all_pixels),
        }
    if protocol == 'basicirstd':
        return {**_iou(pairs, 'half', True), **_pd_fa(pairs, 'half', first, False, _all_pixels)}
    if protocol == 'sctransnet':
        return {
            **_iou(pairs, 'half', True),
            'nIoU': each('half', 0.0),
            **_pd_fa(pairs, 'half', first, True, _all_pixels),
            'F1': _sctransnet_f1(pairs),
        }
    if protocol in ('dnanet', 'mshnet'):
        return {**_iou(pairs, 'half', True), **_pd_fa(pairs, 'half', first, True, fixed)}
    if protocol == 'msda':
        return {**_iou(pairs, 'half', False), 'nIoU': each('half', 0.0), **_pd_fa(pairs, 'half', first, False, last)}
    if protocol == 'acm':
        return {**_iou(pairs, 'half', False), 'nIoU': each('half', 0.0)}
    if protocol == 'agpcnet':
        return _pixel(pairs, 'half', zero=True)
    if protocol == 'rpcanet':
        rule = 'half of the maximum'
        with_target = [pair for pair in pairs if pair[1].any()]
        false = hit = 0
        for score, mask in with_target:
            found, truth = above(score, rule), _targets_of(mask)
            false += len(found - truth)
            hit += sum(bool(part & found) for part in components(truth))
        targets = sum(len(components(_targets_of(mask))) for _, mask in with_target)
        fa = ratio(false, sum(int((mask == 0).sum()) for _, mask in with_target))
        centroid = _pd_fa(pairs, rule, first, True, _all_pixels)
        return {
            **_pixel(pairs, rule, zero=True),
            **dict(Pd=ratio(hit, targets), Fa=fa, Fa_e6=fa * 1e6, AUC=_rpcanet_auc(pairs)),
            **{f'{name}_centroid': value for name, value in centroid.items()},
        }
    if protocol == 'dtum':
        return _near_pixels(pairs)
    if protocol != 'uiunet':
        raise NotImplementedError(f'{protocol}: a new protocol has its slow measures here, too')
    return {**_iou(pairs, '0.22 of the range', False), 'nIoU': each('more than the minimum', 0.0)}


def slow_auc(pairs: Sequence[Pair], thresholds: Sequence[float]) -> float:
    """Area under true over false positive rate at these thresholds (strict) and at minus infinity, by trapezoids."""
    truth = [
        (float(value), bool(mask)) for score, masks in pairs for value, mask in zip(score.flat, masks.flat, strict=True)
    ]
    positives = sum(mask for _, mask in truth)
    negatives = len(truth) - positives
    if not positives or not negatives:
        return math.nan
    points = [
        (
            sum(value > limit and not mask for value, mask in truth) / negatives,
            sum(value > limit and mask for value, mask in truth) / positives,
        )
        for limit in (-math.inf, *sorted(thresholds), 1.0)
    ]
    return sum((a[0] - b[0]) * (a[1] + b[1]) / 2 for a, b in zip(points, points[1:], strict=False))


def slow_pd_fa_at(pair: Pair, threshold: float) -> tuple[int, int, int]:
    """Detected targets, false pixels and false components of an image at a threshold, the nearest pair first."""
    score, mask = pair
    found = components(
        {(y, x) for y in range(score.shape[0]) for x in range(score.shape[1]) if score[y, x] > threshold}
    )
    truth = components(_targets_of(mask))
    matched = nearest(truth, found)
    false = [part for number, part in enumerate(found) if number not in matched]
    return len(matched), sum(map(len, false)), len(false)


def _overlap(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    inside = max(width, 0) * max(height, 0)
    area = (one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1])
    return inside / (area - inside) if area > inside else 0.0


def slow_average_precision(frames: Sequence[tuple[list[Box], list[tuple[float, Box]]]], iou: float = 0.5) -> float:
    """Of targets and (score, box) of each frame: the best precision from recalls 0, .01, ..., 1 on, in the mean."""
    total = sum(len(targets) for targets, _ in frames)
    if not total:
        return math.nan
    answers = []
    for number, (targets, found) in enumerate(frames):
        free = dict(enumerate(targets))
        for score, box in sorted(found, key=lambda item: -item[0]):
            best = max(free, key=lambda key: _overlap(free[key], box), default=None)
            right = best is not None and _overlap(free[best], box) >= iou
            if right:
                del free[best]
            answers.append((-score, number, right))
    answers.sort(key=lambda answer: answer[:2])
    hits, curve = 0, []
    for count, (_, _, right) in enumerate(answers, 1):
        hits += right
        curve.append((Fraction(hits, total), hits / count))
    return sum(max((p for r, p in curve if r >= Fraction(k, 100)), default=0.0) for k in range(101)) / 101


def slow_box_counts(targets: list[Box], found: list[tuple[float, Box]], shape: tuple[int, int]) -> dict[str, float]:
    """Targets, those detected (centers nearer than 3, nearest pairs first, scores from 0.5), false ones, their area."""

    def center(box: Box) -> tuple[float, float]:
        return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2

    counted = [item for item in found if item[0] >= 0.5]
    pairs = sorted(
        (math.dist(center(target), center(box)), -score, t, b)
        for t, target in enumerate(targets)
        for b, (score, box) in enumerate(counted)
        if math.dist(center(target), center(box)) < 3
    )
    done: dict[int, int] = {}
    for _, _, t, b in pairs:
        if t not in done and b not in done.values():
            done[t] = b
    false = [box for b, (_, box) in enumerate(counted) if b not in done.values()]
    area = 0.0
    for x0, y0, x1, y1 in false:
        width = min(max(x1, 0), shape[1]) - min(max(x0, 0), shape[1])
        height = min(max(y1, 0), shape[0]) - min(max(y0, 0), shape[0])
        area += width * height
    return dict(targets=len(targets), detected=len(done), false=len(false), false_pixels=area)
