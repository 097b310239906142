"""How much faster our evaluation is than the way the official codes write it: ``mmirstd speed metrics``."""

from __future__ import annotations

import dataclasses
import time
import tracemalloc
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

from mmirstd.evaluation.functional import ImageEvidence, count_evidence, get_protocol
from mmirstd.evaluation.functional.evaluate import summarize_parts
from mmirstd.evaluation.functional.overlap import NiouRule
from mmirstd.evaluation.functional.pd_fa_curve import curve_counts
from mmirstd.evaluation.functional.protocols import Rule
from mmirstd.evaluation.functional.roc_curve import score_histograms
from mmirstd.evaluation.functional.roc_rule import RocRule
from mmirstd.utils.errors import UserError

Pairs = list[tuple[np.ndarray, np.ndarray]]
#: Side of images that hold up to five spots 24 pixels apart, wherever the first ones are.
LEAST_SIZE = 128
THRESHOLDS = [k / 10 for k in range(11)]


def make_images(count: int, size: int, seed: int = 0) -> Pairs:
    """Score maps as a trained network gives them, with masks.

    A faint noisy background, 0 to 3 targets of 1 to 5 px radius (some shifted, some missed) and
    0 to 2 false alarms, all well apart so that every matching rule agrees.

    Returns:
        ``count`` pairs of (size, size) float32 scores in [0, 1] and uint8 masks {0, 1}.
    """
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[:size, :size]
    pairs: Pairs = []
    for _ in range(count):
        score = (rng.random((size, size)) ** 4 * 0.3).astype(np.float32)
        mask = np.zeros((size, size), np.uint8)
        spots: list[np.ndarray] = []
        wanted = int(rng.integers(0, 4)), int(rng.integers(0, 3))
        while len(spots) < sum(wanted):
            spot = rng.integers(12, size - 12, 2)
            if all(np.abs(spot - other).max() > 24 for other in spots):
                spots.append(spot)
        for index, (row, col) in enumerate(spots):
            radius = rng.uniform(1, 5)
            if index < wanted[0]:
                mask[(rows - row) ** 2 + (cols - col) ** 2 <= radius**2] = 1
                if rng.random() < 0.1:
                    continue
            row, col = row + rng.integers(-1, 2), col + rng.integers(-1, 2)
            blob = np.exp(-((rows - row) ** 2 + (cols - col) ** 2) / (1.5 * radius**2))
            score = np.maximum(score, (blob * rng.uniform(0.6, 1.0)).astype(np.float32))
        pairs.append((score, mask))
    return pairs


class OfficialIou:
    """Intersection and union by np.histogram over float maps; data-set totals and per image."""

    def run(self, pairs: Pairs) -> dict[str, float]:
        """Evaluate all pairs."""
        hit = labeled = inter_sum = union_sum = 0.0
        per_image = []
        for score, mask in pairs:
            truth = mask.astype(np.float32)
            # mIoU: its own threshold and histograms ...
            predicted = (score > 0.5).astype(np.float32)
            hit += float(((predicted == truth) * (truth > 0)).sum())
            labeled += float((truth > 0).sum())
            inter, union = self._areas(predicted, truth)
            inter_sum, union_sum = inter_sum + inter, union_sum + union
            # ... and the class for nIoU thresholds and counts again.
            predicted = (score > 0.5).astype(np.float32)
            inter, union = self._areas(predicted, truth)
            per_image.append(inter / (np.spacing(1) + union))
        return dict(IoU=inter_sum / union_sum, pixAcc=hit / labeled, nIoU=float(np.mean(per_image)))

    @staticmethod
    def _areas(predicted: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
        overlap = predicted * (predicted == truth)
        inter = np.histogram(overlap, bins=1, range=(1, 1))[0]
        area_predicted = np.histogram(predicted, bins=1, range=(1, 1))[0]
        area_truth = np.histogram(truth, bins=1, range=(1, 1))[0]
        return float(inter[0]), float((area_predicted + area_truth - inter)[0])


class OfficialTargets:
    """skimage regions, greedy loop over pairs."""

    def run(self, pairs: Pairs) -> dict[str, float]:
        """Evaluate all pairs."""
        from skimage import measure

        false_pixels = pixels = detected = targets = 0
        for score, mask in pairs:
            predicted = (score > 0.5).astype(np.int64)
            truth = mask.astype(np.int64)
            found = measure.regionprops(measure.label(predicted, connectivity=2))
            wanted = measure.regionprops(measure.label(truth, connectivity=2))
            targets += len(wanted)
            matched_area = 0
            for target in wanted:
                center = np.array(list(target.centroid))
                for index, region in enumerate(found):
                    if np.linalg.norm(np.array(list(region.centroid)) - center) < 3:
                        matched_area += int(np.array(region.area))
                        detected += 1
                        del found[index]
                        break
            false_pixels += int(predicted.sum()) - matched_area
            pixels += predicted.size
        return dict(Pd=detected / targets, Fa=false_pixels / pixels)


class OfficialRoc:
    """Four masked sums for each of eleven thresholds."""

    def run(self, pairs: Pairs) -> dict[str, list[float]]:
        """Evaluate all pairs."""
        tp, pos, fp, neg = (np.zeros(len(THRESHOLDS)) for _ in range(4))
        for score, mask in pairs:
            truth = mask.astype(np.float32)
            for index, threshold in enumerate(THRESHOLDS):
                predicted = (score > threshold).astype(np.float32)
                equal = (predicted == truth).astype(np.float32)
                differ = (predicted != truth).astype(np.float32)
                hits, false = (predicted * equal).sum(), (predicted * differ).sum()
                rejected, missed = ((1 - predicted) * equal).sum(), ((1 - predicted) * differ).sum()
                tp[index] += hits
                pos[index] += hits + missed
                fp[index] += false
                neg[index] += false + rejected
        return dict(tpr=(tp / (pos + 0.001)).tolist(), fpr=(fp / (neg + 0.001)).tolist())


class Ours:
    """Parts of the default protocol, with the official counting of empty images for equal figures."""

    def __init__(self, *parts: str) -> None:
        spec = get_protocol('default')
        rules: dict[str, Rule] = {**spec.parts, 'niou': NiouRule(empty=0.0), 'roc': RocRule()}
        self.spec = dataclasses.replace(spec, parts={name: rules[name] for name in parts or rules})

    def run(self, pairs: Pairs) -> dict[str, object]:
        """Evaluate all pairs."""
        counts = [count_evidence(self.spec, ImageEvidence(score, mask)) for score, mask in pairs]
        merged: dict[str, object] = {}
        for name, values in summarize_parts(self.spec, counts).items():
            # The ROC part's precision is a curve under another name than the pixel part's.
            merged.update(values if name != 'roc' else {key: values[key] for key in ('tpr', 'fpr')})
        return merged


class OursWithCurves(Ours):
    """The default evaluation plus the 640-threshold ROC and the 31-threshold Pd-Fa curve."""

    def run(self, pairs: Pairs) -> dict[str, object]:
        """Evaluate all pairs."""
        for score, mask in pairs:
            evidence = ImageEvidence(score, mask)
            count_evidence('default', evidence)
            score_histograms(score, evidence.mask('half'))
            curve_counts(score, evidence.logit, evidence.targets('half'))
        return {}


def timed(function: Callable[[Pairs], dict], pairs: Pairs) -> tuple[float, dict]:
    """Seconds of CPU time, which other programs disturb little, and the result; neither side has threads."""
    start = time.process_time()
    result = function(pairs)
    return time.process_time() - start, result


def peak_bytes(function: Callable[[Pairs], dict], pairs: Pairs) -> int:
    """The most memory that evaluating these pairs takes beyond the pairs themselves."""
    tracemalloc.start()
    try:
        function(pairs)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def check_equal(official: dict, ours: dict) -> None:
    """Raise SystemExit when a figure of the official side differs from ours by more than 1e-9."""
    for name, value in official.items():
        if not np.allclose(ours[name], value, rtol=1e-9, atol=1e-12):
            raise SystemExit(f'{name}: official {value}, ours {ours[name]}: the two sides disagree')


def measure(images: int, size: int, rounds: int) -> dict[str, tuple[float, float]]:
    """Time both sides alternately, in shares of up to 25 images so that both meet the same disturbances.

    Returns:
        Part -> median over rounds of the seconds for all images, of the official side and of ours.
    """
    pairs = make_images(images, size)
    shares = [pairs[start : start + 25] for start in range(0, images, 25)]
    official: dict[str, Any] = {'IoU, nIoU': OfficialIou(), 'Pd, Fa': OfficialTargets(), 'ROC': OfficialRoc()}
    ours = {
        'IoU, nIoU': Ours('iou', 'niou'),
        'Pd, Fa': Ours('targets'),
        'ROC': Ours('roc'),
        'all': Ours(),
        'all + curves': OursWithCurves(),
    }
    times: dict[str, list[float]] = {}
    for step in range(rounds + 1):
        totals: dict[str, float] = {}
        for share in shares:
            results: dict[str, dict] = {}
            runs = [(f'official {part}', side.run) for part, side in official.items()]
            runs += [(f'ours {part}', side.run) for part, side in ours.items()]
            for label, function in runs if step % 2 else runs[::-1]:
                seconds, results[label] = timed(function, share)
                totals[label] = totals.get(label, 0.0) + seconds
            for part in official:
                check_equal(results[f'official {part}'], results[f'ours {part}'])
                check_equal(results[f'official {part}'], results['ours all'])
        if step:  # the first round warms up
            totals['official all'] = totals['official all + curves'] = sum(
                totals[f'official {part}'] for part in official
            )
            for label, seconds in totals.items():
                times.setdefault(label, []).append(seconds)
    return {part: (median(times[f'official {part}']), median(times[f'ours {part}'])) for part in ours}


def report(images: int, size: int, rounds: int) -> None:
    """Measure, and print the table.

    Args:
        images: How many.
        size: Their side in pixels.
        rounds: After one warm-up round.

    Raises:
        UserError: scikit-image is not installed, or the images are too small for targets well apart.
    """
    if size < LEAST_SIZE:
        raise UserError('--size', found=str(size), expected=f'at least {LEAST_SIZE}: targets are placed well apart')
    try:
        import skimage  # noqa: F401
    except ImportError as error:
        raise UserError('the official side needs scikit-image.\n  cure: pip install scikit-image') from error
    table = measure(images, size, rounds)
    print(f'{images} images of {size}x{size}, median of {rounds} alternating rounds, CPU ms per image')
    print(f'{"part":<14}{"official":>10}{"ours":>10}{"ratio":>8}')
    for part, (official, ours) in table.items():
        scale = 1000 / images
        print(f'{part:<14}{official * scale:>10.3f}{ours * scale:>10.3f}{official / ours:>7.1f}x')
    few, more = make_images(2, size), make_images(8, size)
    peaks = [
        max(peak_bytes(side.run, pairs) for side in sides) / 2**20
        for sides in ((OfficialIou(), OfficialTargets(), OfficialRoc()), (Ours(),))
        for pairs in (few, more)
    ]
    print(
        'peak memory beside the maps, MiB, of 2 and of 8 images: official {:.1f}, {:.1f}; ours {:.1f}, {:.1f}'.format(
            *peaks
        )
    )
    print(
        'Both sides gave equal figures. "all + curves" adds to our side a 640-threshold ROC and a 31-threshold '
        'Pd-Fa curve, which the official side does not compute.'
    )
