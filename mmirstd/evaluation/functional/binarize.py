"""From score maps and masks to boolean maps: where the official codes first part ways."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.renamed import renamed_arguments, renamed_attribute


@renamed_arguments(normalise_max='normalize_max')
@dataclass(frozen=True)
class PredictionRule:
    """Which pixels of a probability map count as predicted target.

    Attributes:
        value: The threshold.
        strict: ``score > value`` (True) or ``score >= value``.
        logit: ``value`` is a threshold on the logit, not on the probability. In
            float32, probabilities end at logit 16.6, so larger values are never exceeded.
        normalize_max: Divide by the map's own maximum first (RPCANet). A map
            whose maximum is not positive then has no positive pixel.
        normalize_range: Stretch from the map's own minimum to its maximum first (UIU-Net). A
            constant map then has no positive pixel.

    Raises:
        ValueError: Both normalizations.
    """

    value: float = 0.5
    strict: bool = True
    logit: bool = False
    normalize_max: bool = False
    normalize_range: bool = False
    normalise_max = renamed_attribute('normalise_max', 'normalize_max')

    def __post_init__(self) -> None:
        if self.normalize_max and self.normalize_range:
            raise ValueError('normalize_max and normalize_range exclude each other')

    @property
    def probability(self) -> float:
        """The threshold on the probability scale."""
        return 1.0 / (1.0 + math.exp(-self.value)) if self.logit else float(self.value)

    def __str__(self) -> str:
        name = 'logit(p)' if self.logit else 'p'
        if self.normalize_max:
            name = 'p/max(p)'
        elif self.normalize_range:
            name = '(p - min(p))/(max(p) - min(p))'
        return f'{name} {">" if self.strict else ">="} {self.value:g}'


def normalize_by_max(score: NDArray[Any]) -> NDArray[Any]:
    """Divide a (H, W) map by its maximum; all zeros when that is not positive."""
    peak = score.max() if score.size else 0
    return score / peak if peak > 0 else np.zeros_like(score)


def normalize_by_range(score: NDArray[Any]) -> NDArray[Any]:
    """Stretch a (H, W) map from its minimum and maximum to 0 and 1; all zeros when it is constant."""
    low, high = (score.min(), score.max()) if score.size else (0, 0)
    return (score - low) / (high - low) if high > low else np.zeros_like(score)


def binarize(score: NDArray[Any], rule: PredictionRule) -> NDArray[np.bool_]:
    """Apply a prediction rule.

    Args:
        score: (H, W) float, probabilities in [0, 1] (any range with one of the normalizations).
        rule: The rule.

    Returns:
        (H, W) bool.
    """
    if rule.normalize_max:
        score = normalize_by_max(score)
    elif rule.normalize_range:
        score = normalize_by_range(score)
    # A Python float is compared in the map's own precision, as torch does.
    positive: NDArray[np.bool_] = score > rule.probability if rule.strict else score >= rule.probability
    return positive


# A soft (anti-aliased) mask means something else to each official code.
TRUTH_RULES = {
    'half': 'mask > 0.5',
    'positive': 'mask > 0',
    'one': 'mask == 1 (the official codes write prediction == mask)',
    'truncate': 'mask.astype(int) != 0, so that every value below 1 is background',
    'window': '0.5 <= mask <= 1.5 (np.histogram widens the range (1, 1) to this)',
}


def binarize_truth(mask: NDArray[Any], rule: str = 'half') -> NDArray[np.bool_]:
    """Turn a mask into a boolean map by one of :data:`TRUTH_RULES`.

    Args:
        mask: (H, W), bool, integer {0, 1} or float in [0, 1].
        rule: A key of :data:`TRUTH_RULES`; on binary masks all agree.

    Raises:
        ValueError: The rule is unknown.
    """
    if rule not in TRUTH_RULES:
        raise ValueError(f'unknown ground-truth rule {rule!r}; known: {", ".join(TRUTH_RULES)}')
    target: NDArray[np.bool_]
    if mask.dtype == np.bool_:
        target = mask
    elif np.issubdtype(mask.dtype, np.integer) and rule != 'one':
        target = mask != 0  # the other rules agree on integers, and this comparison is by far the fastest
    elif rule == 'half':
        target = mask > 0.5
    elif rule == 'positive':
        target = mask > 0
    elif rule == 'one':
        target = mask == 1
    elif rule == 'truncate':
        target = mask >= 1
    else:
        target = (mask >= 0.5) & (mask <= 1.5)
    return target
