"""How labels grow: the update rules of LESPS and of PAL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.components import label_components


@dataclass(frozen=True)
class EvolutionRule:
    """Which pixels around a target may join its label; LESPS's values are the defaults, PAL has the same.

    A pixel joins when its probability exceeds ``a + k (p - a) n / N`` with ``p`` the greatest probability in the
    window, ``a = start p``, ``n`` the target's pixels now and ``N = area_share`` of the image's pixels: the larger the
    target has grown, the harder it is to join.

    Attributes:
        start: T_b, the threshold of a target without pixels as a share of the peak, in [0, 1].
        growth: k, how fast the threshold rises with the target's area.
        window: Side of the square around the target's centroid in which pixels may join, odd.
        core: Side of the square around the centroid that a part must touch to belong to the target, odd.
        area_share: The area at which the threshold has risen by ``growth`` of the way to the peak, as a share of the
            image.
    """

    start: float = 0.5
    growth: float = 0.5
    window: int = 33
    core: int = 3
    area_share: float = 0.0015

    def __post_init__(self) -> None:
        if not (0 <= self.start <= 1 and self.growth >= 0 and self.area_share > 0):
            raise ValueError(f'{self}: expected start in [0, 1], growth >= 0 and area_share > 0')
        if any(side < 1 or side % 2 == 0 for side in (self.window, self.core)):
            raise ValueError(f'{self}: expected odd sides of window and core')


LESPS_RULE = EvolutionRule()


def evolve_lesps(
    label: NDArray[Any], probability: NDArray[Any], rule: EvolutionRule = LESPS_RULE
) -> NDArray[np.float32]:
    """One update of LESPS (Ying et al., CVPR 2023): candidates become the mean of their label and probability.

    Targets are updated one after the other. A window with a single part keeps it, wherever it lies. Pixels whose label
    is 1 keep it.

    Args:
        label: (H, W) in [0, 1]; the 8-connected parts above one half are the targets.
        probability: (H, W) in [0, 1], what the network predicts.
        rule: Which pixels are candidates.

    Returns:
        (H, W) in [0, 1].
    """
    evolved = np.array(label, np.float32)
    probability = np.asarray(probability, np.float32)
    for window, candidates in _candidates(label, probability, rule, keep_single=True):
        part = evolved[window]
        part[candidates] = (part[candidates] + probability[window][candidates]) / 2
    evolved[np.asarray(label) == 1] = 1
    return evolved


def evolve_pal(
    label: NDArray[Any], probability: NDArray[Any], rule: EvolutionRule = LESPS_RULE, decay: float = 0.97
) -> NDArray[np.float32]:
    """One update of PAL (Yu et al., ICCV 2025): as LESPS, all targets at once, and what was not joined to fades.

    Parts that do not touch the core are dropped also where there is only one.

    Args:
        label: As of :func:`evolve_lesps`.
        probability: As of :func:`evolve_lesps`.
        rule: Which pixels are candidates.
        decay: Factor of the labels of all other pixels, in [0, 1]; labels of 1 stay.

    Returns:
        (H, W) in [0, 1].
    """
    old = np.asarray(label, np.float32)
    probability = np.asarray(probability, np.float32)
    joined = np.zeros(old.shape, bool)
    for window, candidates in _candidates(label, probability, rule, keep_single=False):
        joined[window] |= candidates
    evolved = np.where(joined, (old + probability) / 2, old * np.float32(decay))
    evolved[old == 1] = 1
    return evolved


def _candidates(
    label: NDArray[Any], probability: NDArray[np.float32], rule: EvolutionRule, keep_single: bool
) -> Iterator[tuple[tuple[slice, slice], NDArray[np.bool_]]]:
    """For each target the window and which pixels in it may join."""
    height, width = probability.shape
    largest = height * width * rule.area_share
    targets = label_components(np.asarray(label) > 0.5)
    for (row, column), area in zip(targets.centroids.astype(int).tolist(), targets.areas.tolist()):
        window = _around(row, column, rule.window // 2)
        values = probability[window]
        peak = float(values.max())
        start = peak * rule.start
        candidates = values > start + rule.growth * (peak - start) * area / largest
        parts = label_components(candidates)
        if len(parts) > keep_single:
            # the core in coordinates of the window
            core = _around(row - window[0].start, column - window[1].start, rule.core // 2)
            top, left, bottom, right = parts.window
            labels = np.zeros(values.shape, np.int64)
            labels[top:bottom, left:right] = parts.labels
            touching = np.unique(labels[core])
            candidates = candidates & np.isin(labels, touching[touching > 0])
        yield window, candidates


def _around(row: int, column: int, reach: int) -> tuple[slice, slice]:
    """A square around a pixel, cut at the upper and left border; slicing cuts it at the others."""
    return slice(max(row - reach, 0), row + reach + 1), slice(max(column - reach, 0), column + reach + 1)
