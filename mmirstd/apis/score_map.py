"""What a network says of each pixel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mmirstd.utils.logits import logit_of


class ScoreMap(NamedTuple):
    """The maps of one image.

    Attributes:
        probability: (H, W) float32 in [0, 1].
        logit: (H, W) float32: the same before the sigmoid, which float32 rounds to 1 from 17.3 on.
    """

    probability: np.ndarray
    logit: np.ndarray

    @classmethod
    def of_probability(cls, probability: np.ndarray) -> ScoreMap:
        """Of a map whose logits are not known: they end at +-17.3."""
        return cls(probability, logit_of(probability).astype(np.float32))
