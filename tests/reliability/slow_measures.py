"""Measures of the default protocol, written from their definitions with loops, for comparison only."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def components(mask: np.ndarray) -> list[set[tuple[int, int]]]:
    """Sets of pixels that touch, corners included."""
    left = {(int(y), int(x)) for y, x in zip(*np.nonzero(mask), strict=True)}
    found = []
    while left:
        part, todo = set(), [left.pop()]
        while todo:
            y, x = todo.pop()
            part.add((y, x))
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= near
            todo.extend(near)
        found.append(part)
    return found


def slow_measures(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
    """IoU, precision, recall, F1 of all pixels together, and nIoU, the mean over the images (1 of an empty pair)."""
    total = dict(tp=0, fp=0, fn=0)
    each = []
    for score, mask in pairs:
        tp = fp = fn = 0
        for y in range(mask.shape[0]):
            for x in range(mask.shape[1]):
                hit, true = bool(score[y, x] > 0.5), bool(mask[y, x])
                tp += hit and true
                fp += hit and not true
                fn += true and not hit
        each.append(tp / (tp + fp + fn) if tp + fp + fn else 1.0)
        for name, value in dict(tp=tp, fp=fp, fn=fn).items():
            total[name] += value
    tp, fp, fn = total.values()

    def ratio(a: float, b: float) -> float:
        return a / b if b else math.nan

    return {
        'IoU': tp / (tp + fp + fn) if tp + fp + fn else 1.0,
        'nIoU': math.fsum(each) / len(each),
        'precision': ratio(tp, tp + fp) if tp + fp else 0.0 if fn else math.nan,
        'recall': ratio(tp, tp + fn),
        'F1': ratio(2 * tp, 2 * tp + fp + fn),
    }
