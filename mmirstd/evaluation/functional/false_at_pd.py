"""False targets of an image at a given detection: what two networks are compared by whose scores are not alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.components import Components

from .pd_fa_curve import pd_fa_counts
from .pixels import NAN

_SIDE = tuple(0.5 * 2 ** (k / 2) for k in range(20))
#: Thresholds of the logit, two a factor of two up to 362 on both sides of 0: a network abroad may find what it is asked
#: for only far below the usual threshold.
AT_PD_LOGITS: tuple[float, ...] = (*(-value for value in reversed(_SIDE)), 0.0, *_SIDE)


def at_pd_counts(logit: NDArray[Any], targets: Components) -> NDArray[Any]:
    """What :func:`false_per_image_at` needs of an image.

    Args:
        logit: (H, W) float.
        targets: The image's ground-truth components.

    Returns:
        (K, 2) int64: detected targets and false components at each of :data:`AT_PD_LOGITS`.
    """
    counts: NDArray[Any] = pd_fa_counts(logit, targets, AT_PD_LOGITS)[:, [0, 2]]
    return counts


def false_per_image_at(pd: float, counts: Sequence[NDArray[Any]], targets: int) -> float:
    """False components per image at the highest threshold that finds a share of the targets.

    Between two thresholds the false components are interpolated linearly over the detection.

    Args:
        pd: The share, in (0, 1].
        counts: What :func:`at_pd_counts` gave for each image.
        targets: Targets in the data set.

    Returns:
        NaN where no threshold finds as many, or there are no targets or images.
    """
    if not targets or not len(counts):
        return NAN
    total = np.sum(counts, axis=0)
    found, false = total[:, 0] / targets, total[:, 1] / len(counts)
    enough = np.flatnonzero(found >= pd)
    if not len(enough):
        return NAN
    last = int(enough[-1])
    if last + 1 == len(found):
        return float(false[last])
    share = (found[last] - pd) / (found[last] - found[last + 1])
    return float(false[last] + share * (false[last + 1] - false[last]))
