"""What happened in each test image, for comparisons that are paired by image."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .resampling import draw_weights, percentile_interval
from .seed_statistics import PairedDifference

#: Counted in each image under the default protocol at native size.
COUNTS = ('tp', 'fp', 'fn', 'targets', 'detected', 'false_pixels', 'pixels')

# Measure -> (numerator, denominator, value where the denominator is 0). Each is a quotient of sums over images.
_NAN = float('nan')
_MEASURES: dict[str, tuple[dict[str, float], dict[str, float], float]] = {
    'IoU': ({'tp': 1}, {'tp': 1, 'fp': 1, 'fn': 1}, 1.0),
    'nIoU': ({'iou': 1}, {'one': 1}, _NAN),
    'precision': ({'tp': 1}, {'tp': 1, 'fp': 1}, 0.0),
    'recall': ({'tp': 1}, {'tp': 1, 'fn': 1}, _NAN),
    'F1': ({'tp': 2}, {'tp': 2, 'fp': 1, 'fn': 1}, _NAN),
    'Pd': ({'detected': 1}, {'targets': 1}, _NAN),
    'Fa': ({'false_pixels': 1}, {'pixels': 1}, _NAN),
    'Fa_e6': ({'false_pixels': 1e6}, {'pixels': 1}, _NAN),
}
MEASURES = tuple(_MEASURES)

#: Counted in each frame of a detector of boxes, by centers at its score threshold.
BOX_COUNTS = ('targets', 'detected', 'false', 'false_pixels', 'pixels')
_BOX_MEASURES: dict[str, tuple[dict[str, float], dict[str, float], float]] = {
    **{name: _MEASURES[name] for name in ('Pd', 'Fa', 'Fa_e6')},
    'target_precision': ({'detected': 1}, {'detected': 1, 'false': 1}, 0.0),
    'target_F1': ({'detected': 2}, {'targets': 1, 'detected': 1, 'false': 1}, _NAN),
    'false_per_frame': ({'false': 1}, {'one': 1}, _NAN),
}
BOX_MEASURES = tuple(_BOX_MEASURES)


def measures_of(table: Mapping[str, Sequence]) -> tuple[str, ...]:
    """The measures that a table of :func:`read_image_counts` gives."""
    return MEASURES if 'tp' in table else BOX_MEASURES


def counts_of(table: Mapping[str, Sequence | np.ndarray]) -> tuple[str, ...]:
    """What a table of :func:`read_image_counts` has of each image."""
    return COUNTS if 'tp' in table else BOX_COUNTS


def read_image_counts(images: Sequence[Mapping[str, Any]]) -> dict[str, list]:
    """The table that goes into a record, from a per-image file of masks or of boxes.

    Args:
        images: Entries with ``image`` (a path), ``height``, ``width`` and the counts.

    Returns:
        ``name`` -> paths below the images' common folder, without suffix, and each of :data:`COUNTS` -> integers;
        of boxes each of :data:`BOX_COUNTS` -> numbers.
    """
    paths = [Path(item['image']) for item in images]
    folder = os.path.commonpath([path.parent for path in paths])
    table: dict[str, list] = dict(
        name=[Path(os.path.relpath(path, folder)).with_suffix('').as_posix() for path in paths]
    )
    rows = [dict(item, pixels=item['height'] * item['width']) for item in images]
    if 'detections' in rows[0]:
        return {**table, **{count: [row[count] for row in rows] for count in BOX_COUNTS}}
    return {**table, **{count: [int(row[count]) for row in rows] for count in COUNTS}}


def measure(table: Mapping[str, Sequence | np.ndarray], name: str, weights: np.ndarray | None = None) -> np.ndarray:
    """A measure of the whole test set, from the counts of its images.

    Args:
        table: From :func:`read_image_counts`, N images.
        name: Of :func:`measures_of` the table.
        weights: (R, N): how often each image is in each of R resamples; None: each once, in one.

    Returns:
        (R,) float64; NaN where it is undefined.

    Raises:
        KeyError: Another name.
    """
    boxes = 'tp' not in table
    top, bottom, empty = (_BOX_MEASURES if boxes else _MEASURES)[name]
    columns = {count: np.asarray(table[count], np.float64) for count in counts_of(table)}
    columns['one'] = np.ones(len(columns['pixels']))
    if not boxes:
        union = columns['tp'] + columns['fp'] + columns['fn']
        columns['iou'] = np.divide(
            columns['tp'], union, out=np.ones(len(union)), where=union > 0
        )  # nothing there, right
    weights = columns['one'][None] if weights is None else weights
    numerator, denominator = (
        weights @ sum(factor * columns[key] for key, factor in part.items()) for part in (top, bottom)
    )
    return np.divide(numerator, denominator, out=np.full(len(weights), empty), where=denominator > 0)


def bootstrap_differences(
    a: Sequence[Mapping[str, Sequence]],
    b: Sequence[Mapping[str, Sequence]],
    names: Sequence[str],
    level: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> dict[str, PairedDifference]:
    """A minus B with percentile intervals over resamples of the test images.

    A resample draws as many images as there are, with replacement, and is the same for A, B, all seeds and measures, so
    what one image decides for both cancels. It tells how far the choice of test images decides; not how another
    training would have ended.

    Args:
        a: A's tables, one a seed.
        b: B's, of the same seeds in the same order, and of the same images.
        names: Of :data:`MEASURES`.
        level: Coverage of the interval.
        resamples: How many.
        seed: Of the drawing.

    Returns:
        Name -> ``n`` images; ``mean`` over seeds of the difference on all images; ``positive`` and ``negative`` count
        seeds.

    Raises:
        ValueError: No table, not the same number, or other images.
    """
    if not a or len(a) != len(b):
        raise ValueError(f'{len(a)} tables of A and {len(b)} of B are no pairs')
    images = list(a[0]['name'])
    if any(list(table['name']) != images for table in [*a, *b]):
        raise ValueError('the tables are not of the same images in the same order')
    # as arrays once, not for each draw
    first, second = ([{key: np.asarray(table[key]) for key in counts_of(table)} for table in side] for side in (a, b))
    drawn: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for weights in draw_weights(len(images), resamples, np.random.default_rng(seed)):
        for name, parts in drawn.items():
            parts.append(
                np.mean(
                    [measure(one, name, weights) - measure(other, name, weights) for one, other in zip(first, second)],
                    axis=0,
                )
            )
    found = {}
    for name, parts in drawn.items():
        point = [float(measure(one, name)[0] - measure(other, name)[0]) for one, other in zip(first, second)]
        low, high = percentile_interval(np.concatenate(parts), level)
        found[name] = PairedDifference(
            len(images), float(np.mean(point)), low, high, sum(d > 0 for d in point), sum(d < 0 for d in point)
        )
    return found
