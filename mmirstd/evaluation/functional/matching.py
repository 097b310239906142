"""Which predicted component is which target: the heart of Pd and Fa."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.components import Components, hit_components

MATCHINGS = {
    'nearest': 'pairs of centroids nearer than the limit, the nearest pair first, one to one',
    'first': 'for each target in raster order the first free prediction in raster order nearer than the limit',
    'any_pixel': 'a target is detected when any of its pixels is predicted; no centroids, not one to one',
    'near_pixel': 'a target is detected when a pixel in a square around one of its pixels is predicted',
}


@dataclass(frozen=True)
class Matches:
    """The result of matching N targets with M predicted components.

    Attributes:
        prediction_of: (N,) int64, the index of each target's prediction, -1 for a missed target.
        distance: (N,) float64, pixels between the two centroids, NaN for a missed target.
        matched: (M,) bool, predictions that belong to a target.
    """

    prediction_of: NDArray[np.int64]
    distance: NDArray[np.float64]
    matched: NDArray[np.bool_]

    @property
    def detected(self) -> NDArray[np.bool_]:
        """(N,) bool."""
        return self.prediction_of >= 0


def centroid_distances(target: int, targets: Components, predictions: Components) -> NDArray[np.float64]:
    """Distances from one target's centroid to those of all predictions.

    Computed from the integer sums with one rounding per coordinate. So a shift by exactly 3 px
    is 3.0 wherever in the image it happens, which differences of rounded means do not guarantee.

    Returns:
        (M,) float64, pixels.
    """
    area = targets.areas[target]
    delta = (predictions.sums * area - targets.sums[target] * predictions.areas[:, None]) / (predictions.areas * area)[
        :, None
    ]
    distances: NDArray[np.float64] = np.sqrt(delta[:, 0] * delta[:, 0] + delta[:, 1] * delta[:, 1])
    return distances


def match_nearest(targets: Components, predictions: Components, max_distance: float = 3.0) -> Matches:
    """One-to-one matching, nearest pair first (the default protocol).

    Among equally near pairs the one whose members have the fewest other
    candidates goes first, then the greater predicted area, then raster order.

    Args:
        targets: N ground-truth components.
        predictions: M predicted components.
        max_distance: Centroids must be nearer than this (strictly), in pixels.
    """
    matches = _unmatched(targets, predictions)
    if not len(targets) or not len(predictions):
        return matches
    pairs: list[tuple[float, int, int]] = []
    # One target at a time: memory stays small however many predictions noise makes.
    for target in range(len(targets)):
        distances = centroid_distances(target, targets, predictions)
        near = np.flatnonzero(distances < max_distance)
        pairs.extend((float(distances[index]), target, int(index)) for index in near)
    if len(pairs) > 1:
        rivals_of_target = np.bincount([pair[1] for pair in pairs], minlength=len(targets))
        rivals_of_prediction = np.bincount([pair[2] for pair in pairs], minlength=len(predictions))
        pairs.sort(
            key=lambda pair: (
                pair[0],
                rivals_of_target[pair[1]] + rivals_of_prediction[pair[2]],
                -predictions.areas[pair[2]],
                pair[1],
                pair[2],
            )
        )
    for distance, target, prediction in pairs:
        if matches.prediction_of[target] < 0 and not matches.matched[prediction]:
            _join(matches, target, prediction, distance)
    return matches


def match_first(targets: Components, predictions: Components, max_distance: float = 3.0) -> Matches:
    """The greedy loop of the official PD_FA classes.

    Targets in raster order; each takes the FIRST free prediction (raster order)
    nearer than ``max_distance``: not the nearest, no overlap needed.
    """
    matches = _unmatched(targets, predictions)
    if not len(targets) or not len(predictions):
        return matches
    target_centroids, prediction_centroids = targets.centroids, predictions.centroids
    for target in range(len(targets)):
        # As the official codes: the difference of two rounded means.
        delta = prediction_centroids - target_centroids[target]
        distances = np.sqrt(delta[:, 0] * delta[:, 0] + delta[:, 1] * delta[:, 1])
        near = np.flatnonzero((distances < max_distance) & ~matches.matched)
        if len(near):
            _join(matches, target, int(near[0]), float(distances[near[0]]))
    return matches


def match_any_pixel(targets: Components, predicted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """RPCANet's rule: a target is detected when any of its pixels is predicted.

    Args:
        targets: N ground-truth components.
        predicted: (H, W) bool.

    Returns:
        (N,) bool.
    """
    return hit_components(targets, predicted)


def match_near_pixel(targets: Components, predicted: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """DTUM's rule: a target is detected when a pixel in the square around one of its pixels is predicted.

    As in the official code, a pixel nearer than ``reach`` to the upper or the left border sees nothing: its square
    begins at a negative index, which NumPy counts from the other end.

    Args:
        targets: N ground-truth components.
        predicted: (H, W) bool.
        reach: The square has 2 * reach + 1 pixels on a side.

    Returns:
        (N,) bool.
    """
    seen = dilate(predicted, reach)
    seen[:reach] = seen[:, :reach] = False
    return hit_components(targets, seen)


def far_from_targets(mask: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """(H, W) bool: outside of the squares around the target's pixels, in which DTUM counts no false alarm.

    Pixels near the upper and the left border protect nothing, see :func:`match_near_pixel`.
    """
    inner = mask.copy()
    inner[:reach] = inner[:, :reach] = False
    return ~dilate(inner, reach)


def dilate(mask: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """(H, W) bool: pixels at most ``reach`` rows and columns away from one of the mask."""
    square = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    wide: NDArray[np.bool_] = cv2.dilate(mask.view(np.uint8), square, borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0
    return wide


def _unmatched(targets: Components, predictions: Components) -> Matches:
    return Matches(np.full(len(targets), -1, np.int64), np.full(len(targets), np.nan), np.zeros(len(predictions), bool))


def _join(matches: Matches, target: int, prediction: int, distance: float) -> None:
    matches.prediction_of[target] = prediction
    matches.distance[target] = distance
    matches.matched[prediction] = True
