"""One image seen through many rules, each view computed once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.components import Components, label_components

from .binarize import PredictionRule, binarize, binarize_truth
from .pixels import PixelCounts, pixel_counts

T = TypeVar('T')


class ImageEvidence:
    """A score map and its mask, with binary maps, counts and components cached.

    Several protocols ask for the same thing (prediction > 0.5, labeled); so each
    is computed at most once an image.

    Args:
        score: (H, W) float, the target probability of each pixel.
        truth: (H, W) bool, integer {0, 1} or float in [0, 1].
        name: Names the image in errors.
        logit: (H, W) float, of which the score was made; None: not known.

    Raises:
        ValueError: Not two-dimensional, or the two shapes differ.
    """

    def __init__(
        self, score: NDArray[Any], truth: NDArray[Any], name: str = 'image', logit: NDArray[Any] | None = None
    ) -> None:
        if score.ndim != 2 or truth.ndim != 2:
            raise ValueError(
                f'{name}: expected two (H, W) maps, got a prediction of shape {score.shape} '
                f'and a ground truth of shape {truth.shape}'
            )
        if score.shape != truth.shape:
            raise ValueError(
                f'{name}: the prediction is {score.shape[0]}x{score.shape[1]} but the ground truth is '
                f'{truth.shape[0]}x{truth.shape[1]} (H x W); predictions must come back at the size of the mask '
                '(padding cropped, resizing undone)'
            )
        if not score.size:
            raise ValueError(f'{name}: the image is empty ({score.shape[0]}x{score.shape[1]})')
        self.score = score
        self.logit = logit
        self.truth = truth
        self.name = name
        self._binary = truth.dtype == np.bool_ or np.issubdtype(truth.dtype, np.integer)
        self._cache: dict[Any, Any] = {}

    @property
    def shape(self) -> tuple[int, int]:
        """H, W in pixels."""
        return self.score.shape[0], self.score.shape[1]

    def remember(self, key: Hashable, compute: Callable[[], T]) -> T:
        """What ``compute`` gives, computed once for each key; for what several rules derive from this image."""
        if key not in self._cache:
            self._cache[key] = compute()
        derived: T = self._cache[key]
        return derived

    def _truth_key(self, rule: str) -> str:
        return 'half' if self._binary else rule  # every rule agrees on {0, 1}

    def prediction(self, rule: PredictionRule) -> NDArray[np.bool_]:
        """(H, W) bool: the predicted pixels."""
        return self.remember(rule, lambda: binarize(self.score, rule))

    def mask(self, rule: str) -> NDArray[np.bool_]:
        """(H, W) bool: the ground-truth pixels."""
        key = self._truth_key(rule)
        return self.remember(key, lambda: binarize_truth(self.truth, key))

    def counts(self, prediction: PredictionRule, truth: str) -> PixelCounts:
        """Pixel counts of one rule against another."""
        key = ('counts', prediction, self._truth_key(truth))
        return self.remember(key, lambda: pixel_counts(self.prediction(prediction), self.mask(truth)))

    def predicted_components(self, rule: PredictionRule) -> Components:
        """The components of the predicted pixels."""
        key = ('components', rule)
        return self.remember(key, lambda: label_components(self.prediction(rule)))

    def targets(self, rule: str) -> Components:
        """The components of the ground truth."""
        key = ('targets', self._truth_key(rule))
        return self.remember(key, lambda: label_components(self.mask(rule)))
