"""Points in place of masks, to measure what is lost by them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.components import label_components

#: Where the point of a target lies -> in words.
KINDS = {
    'centroid': "the pixel of the target's centroid",
    'coarse': 'a random pixel of the target, drawn around its centroid: where a person may click',
}
# Of half the width and height of a target, as in the official code.
_COARSE_SIGMA = 0.25
_TRIES = 1000


def points_of_mask(mask: NDArray[Any], kind: str, rng: np.random.Generator) -> NDArray[np.int64]:
    """One point for each target of a mask, as LESPS's authors make them (``centroid_anno.m``, ``coarse_anno.m``).

    Args:
        mask: (H, W), not 0 on targets; each 8-connected part is a target.
        kind: A key of :data:`KINDS`. ``'centroid'`` rounds down, and may lie outside of a bent target. ``'coarse'``
            draws row and column from a Gaussian around the centroid, its sigma an eighth of the target's height and
            width, until the pixel belongs to the target.
        rng: For ``'coarse'``.

    Returns:
        (N, 2) row and column.

    Raises:
        ValueError: Another kind.
    """
    if kind not in KINDS:
        raise ValueError(f'points of kind {kind!r}; expected one of {sorted(KINDS)}')
    components = label_components(mask)
    middles = np.floor(components.centroids).astype(np.int64)
    if kind == 'centroid':
        return middles
    points = np.zeros_like(middles)
    top, left = components.window[:2]
    sides = components.boxes[:, 2:] - components.boxes[:, :2]
    for number, (centroid, side) in enumerate(zip(components.centroids, sides), 1):
        own = np.argwhere(components.labels == number) + (top, left)
        members = {tuple(pixel) for pixel in own.tolist()}
        for _ in range(_TRIES):
            drawn = np.floor(centroid + side / 2 * rng.normal(0, _COARSE_SIGMA, 2)).astype(np.int64)
            if tuple(drawn.tolist()) in members:
                break
        else:  # a ring, for instance, which is far from its centroid
            drawn = own[np.argmin(((own - centroid) ** 2).sum(axis=1))]
        points[number - 1] = drawn
    return points
