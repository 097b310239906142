"""All measures against slow ones that were written from their definitions (``slow_measures``).

    OMP_NUM_THREADS=1 python -m tests.reliability.fuzz_measures --cases 20000

A case is a handful of small images (or frames with boxes) of every kind: empty, full, single pixels, merged blobs,
scores at the thresholds.  The first difference ends the run with the case.
"""

from __future__ import annotations

import argparse
import math
import resource
import time
from collections.abc import Callable

import numpy as np

from tests.reliability import slow_measures as slow


def _pairs(rng: np.random.Generator) -> list[slow.Pair]:
    """Up to three maps and masks."""
    pairs = []
    for _ in range(rng.integers(1, 4)):
        shape = rng.integers(1, 14, 2)
        mask = (rng.random(shape) < rng.choice([0, 0.03, 0.1, 0.3, 1])).astype(np.uint8)
        score = np.where(mask, rng.random(shape) ** 0.5, rng.random(shape) ** rng.choice([1, 3, 9])).astype(np.float32)
        kind = rng.integers(6)
        if kind == 0:  # few values, among them thresholds
            score = rng.choice(np.float32([0, 0.1, 0.5, 0.7, 1]), tuple(shape))
        elif kind == 1:  # the target, moved
            score = np.roll(mask, tuple(rng.integers(-4, 5, 2)), (0, 1)).astype(np.float32)
        elif kind == 2:
            score[...] = rng.choice([0, 0.5, 1])
        pairs.append((score, mask))
    return pairs


def _boxes(rng: np.random.Generator, count: int, side: int) -> list[slow.Box]:
    corners = rng.integers(-2, side, (count, 2)) + rng.choice([0, 0.5], (count, 2))
    sizes = rng.integers(1, 7, (count, 2))
    return [(float(x), float(y), float(x + w), float(y + h)) for (x, y), (w, h) in zip(corners, sizes, strict=True)]


def _same(name: str, ours: float, other: float, case: object) -> None:
    assert math.isclose(ours, other, rel_tol=1e-9, abs_tol=1e-12) or ours != ours and other != other, (
        f'{name}: {ours!r}, the slow reference says {other!r}; of {case!r}'
    )


def compare_protocols(rng: np.random.Generator) -> int:
    """All measures of all protocols; gives how many."""
    from mmirstd.evaluation.functional import PROTOCOLS, evaluate

    pairs, count = _pairs(rng), 0
    for protocol in PROTOCOLS:
        ours, other = evaluate(protocol, pairs), slow.slow_measures(pairs, protocol)
        assert ours.keys() == other.keys(), (protocol, ours, other)
        for name, value in other.items():
            _same(f'{protocol} {name}', ours[name], value, pairs)
        count += len(other)
    return count


def compare_curves(rng: np.random.Generator) -> int:
    """AUC, and Pd and Fa over thresholds."""
    from mmirstd.evaluation.functional import label_components, roc_curve
    from mmirstd.evaluation.functional.pd_fa_curve import PD_FA_THRESHOLDS, pd_fa_counts
    from mmirstd.evaluation.functional.roc_curve import ROC_THRESHOLDS, score_histograms

    pairs = _pairs(rng)
    histograms = [score_histograms(score, mask > 0) for score, mask in pairs]
    ours = roc_curve([each[0] for each in histograms], [each[1] for each in histograms]).auc
    used = {float(value) for score, _ in pairs for value in score.flat}
    # between two values that occur, all thresholds give the same point
    chosen = ROC_THRESHOLDS[np.unique(np.searchsorted(ROC_THRESHOLDS, sorted(used)).clip(0, len(ROC_THRESHOLDS) - 1))]
    chosen = np.unique(
        np.concatenate([chosen, ROC_THRESHOLDS[:1], ROC_THRESHOLDS[-1:], *_neighbors(chosen, ROC_THRESHOLDS)])
    )
    _same('AUC', ours, slow.slow_auc(pairs, chosen.astype(float).tolist()), pairs)
    for pair in pairs:
        counts = pd_fa_counts(pair[0], label_components(pair[1] > 0))
        for k in rng.choice(len(PD_FA_THRESHOLDS), 5, replace=False):
            assert tuple(counts[k].tolist()) == slow.slow_pd_fa_at(pair, PD_FA_THRESHOLDS[k]), (pair, k)
    return 2


def _neighbors(chosen: np.ndarray, thresholds: np.ndarray) -> list[np.ndarray]:
    places = np.searchsorted(thresholds, chosen)
    return [thresholds[(places + step).clip(0, len(thresholds) - 1)] for step in (-1, 1)]


def compare_boxes(rng: np.random.Generator) -> int:
    """Average precision, and the counts of Pd and Fa, of boxes."""
    from mmirstd.evaluation.functional import CocoEvaluation, FrameDetections
    from mmirstd.evaluation.functional.box_pd_fa import count_frame

    side, frames, plain = 16, [], []
    for number in range(rng.integers(1, 4)):
        targets = _boxes(rng, rng.integers(0, 4), side)
        found = _boxes(rng, rng.integers(0, 5), side)
        found += [box for box in targets if rng.random() < 0.5]
        scores = rng.permutation(np.linspace(0.05, 0.95, 50))[: len(found)]
        listed = [(float(score), box) for score, box in zip(scores, found, strict=True)]
        plain.append((targets, listed))
        frame = FrameDetections(
            image=number,
            sequence='s',
            shape=(side, side),
            targets=np.array(targets, float).reshape(-1, 4),
            target_labels=np.zeros(len(targets), np.int64),
            ignored=np.zeros(len(targets), bool),
            scr=np.full(len(targets), np.nan),
            boxes=np.array(found, float).reshape(-1, 4),
            scores=scores,
            labels=np.zeros(len(found), np.int64),
        )
        frames.append(frame)
        ours, other = count_frame(frame), slow.slow_box_counts(targets, listed, (side, side))
        for name, value in other.items():
            _same(f'boxes {name}', float(ours[name]), value, (targets, listed))
    _same('AP50', CocoEvaluation(frames).summarize()['mAP50'], slow.slow_average_precision(plain), plain)
    return 5


COMPARISONS: dict[str, Callable[[np.random.Generator], int]] = {
    'protocols': compare_protocols,
    'curves': compare_curves,
    'boxes': compare_boxes,
}


def fuzz_measures(cases: int, seed: int) -> dict[str, int]:
    """Try so many cases of each comparison.

    Returns:
        How many measures were compared.

    Raises:
        AssertionError: One differs; says which, and of what.
    """
    compared = {}
    for name, compare in COMPARISONS.items():
        rng, began = np.random.default_rng(seed), time.process_time()
        compared[name] = sum(compare(rng) for _ in range(cases))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        seconds = time.process_time() - began
        print(
            f'{name}: {cases:,} cases, {compared[name]:,} measures equal; {seconds:.0f} s CPU, {peak:.0f} MiB',
            flush=True,
        )
    return compared


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--cases', type=int, default=20_000, help='of each comparison; default: %(default)s')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    fuzz_measures(args.cases, args.seed)


if __name__ == '__main__':
    main()
