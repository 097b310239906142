from __future__ import annotations

import math

import numpy as np
import pytest

from mmirstd.evaluation.functional.false_at_pd import AT_PD_LOGITS, at_pd_counts, false_per_image_at
from mmirstd.utils.components import label_components


def scene(target: float, clutter: list[float], background: float = -400.0) -> tuple[np.ndarray, np.ndarray]:
    """Logits of one target and of some clutter, each one pixel."""
    logit, mask = np.full((20, 60), background, np.float32), np.zeros((20, 60), np.uint8)
    logit[10, 2], mask[10, 2] = target, 1
    logit[5, 10 : 10 + 4 * len(clutter) : 4] = clutter
    return logit, mask


def figure(pd: float, scenes: list[tuple[np.ndarray, np.ndarray]]) -> float:
    targets = [label_components(mask) for _, mask in scenes]
    counts = [at_pd_counts(logit, one) for (logit, _), one in zip(scenes, targets)]
    return false_per_image_at(pd, counts, sum(map(len, targets)))


def test_thresholds_ascend_to_both_sides() -> None:
    assert list(AT_PD_LOGITS) == sorted(AT_PD_LOGITS)
    assert AT_PD_LOGITS[0] == -AT_PD_LOGITS[-1] == pytest.approx(-362, abs=0.1)


def test_the_highest_threshold_that_finds_enough() -> None:
    """Nine targets at 100 and one at -20: all are found only where 30 of the clutter's 50 pixels are false, too."""
    scenes = [scene(100, [90, 10, -10, -50, -100]) for _ in range(9)] + [scene(-20, [90, 10, -10, -50, -100])]
    assert figure(1.0, scenes) == 3  # between -22.6 and -16
    # at 90.5 the nine are still found and the clutter is gone; then detection falls to 0
    assert figure(0.9, scenes) == 0
    # halfway between all ten, with 3 false ones, and nine, which begins at -16: 3 as well
    assert figure(0.95, scenes) == 3


def test_between_two_thresholds_it_is_interpolated() -> None:
    """Below 64 all is found with one false target each; above 90.5 half of it with none, and 80 is between."""
    scenes = [scene(80, [70]), scene(200, [70])]
    assert figure(1.0, scenes) == 1
    assert figure(0.75, scenes) == 0.5
    assert figure(0.5, scenes) == 0


def test_what_is_never_reached() -> None:
    assert math.isnan(figure(1.0, [scene(-400, []), scene(5, [])]))
    assert math.isnan(false_per_image_at(0.9, [], 3))
    assert math.isnan(false_per_image_at(0.9, [np.zeros((len(AT_PD_LOGITS), 2))], 0))
    assert figure(1.0, [scene(1000, [2000, 500])]) == 2  # beyond the last threshold
