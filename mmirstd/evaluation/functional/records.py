"""What happened to each target and to each false alarm of an image."""

from __future__ import annotations

from typing import Any

import numpy as np

from .components import Components, component_maxima
from .evidence import ImageEvidence
from .matching import centroid_distances
from .targets import TargetRule

#: Width in pixels of the ring around a target in which its background is measured.
SCR_MARGIN = 10


def local_scr(image: np.ndarray, components: Components, margin: int = SCR_MARGIN) -> np.ndarray:
    """Signal-to-clutter ratio of each target, |mean(target) - mean(ring)| / std(ring).

    The ring is the target's bounding box grown by ``margin`` pixels on each side,
    without the pixels of any target (Gao et al., "Infrared Patch-Image Model", TIP 2013).

    Args:
        image: (H, W), any real dtype, the gray values.
        components: The N targets.
        margin: In pixels.

    Returns:
        (N,) float64; NaN where no background is left or it is constant.
    """
    result = np.full(len(components), np.nan)
    height, width = image.shape
    occupied = np.zeros((height, width), np.int32)
    components.crop(occupied)[...] = components.labels
    for index, (top, left, bottom, right) in enumerate(components.boxes):
        window = (slice(max(top - margin, 0), min(bottom + margin, height)),
                  slice(max(left - margin, 0), min(right + margin, width)))
        values, labels = image[window].astype(np.float64), occupied[window]
        ring = values[labels == 0]
        spread = ring.std() if ring.size else 0.0
        if spread > 0:
            result[index] = abs(values[labels == index + 1].mean() - ring.mean()) / spread
    return result


def image_records(
        evidence: ImageEvidence, rule: TargetRule, gray: np.ndarray | None = None) -> dict[str, list[dict[str, Any]]]:
    """Records of one image's targets and false alarms.

    Args:
        evidence: The image.
        rule: A rule with centroid matching.
        gray: (H, W) gray image for the local SCR; None leaves it out.

    Returns:
        ``targets``: id (raster order), row, col (centroid), area in pixels, matched, distance (to its
        prediction's centroid, None when missed), nearest (to any prediction's, None without any),
        covered (how many of its pixels are predicted), score (greatest inside), scr (None when not known).
        ``false_alarms``: row, col, area, score.
    """
    targets = evidence.targets(rule.truth)
    predictions = evidence.predicted_components(rule.prediction)
    matches = rule.match(targets, predictions)
    scores = component_maxima(targets, evidence.score)
    scr = local_scr(gray, targets) if gray is not None else np.full(len(targets), np.nan)
    found = targets.labels[targets.crop(evidence.prediction(rule.prediction))]
    covered = np.bincount(found, minlength=len(targets) + 1)[1:]
    rows = []
    for index, (row, col) in enumerate(targets.centroids):
        nearest = float(centroid_distances(index, targets, predictions).min()) if len(predictions) else None
        rows.append(dict(
            id=index, row=float(row), col=float(col), area=int(targets.areas[index]),
            matched=bool(matches.detected[index]),
            distance=float(matches.distance[index]) if matches.detected[index] else None,
            nearest=nearest, covered=int(covered[index]), score=float(scores[index]),
            scr=float(scr[index]) if np.isfinite(scr[index]) else None))
    maxima, centroids = component_maxima(predictions, evidence.score), predictions.centroids
    false = [
        dict(row=float(centroids[index, 0]), col=float(centroids[index, 1]), area=int(predictions.areas[index]),
             score=float(maxima[index]))
        for index in np.flatnonzero(~matches.matched)]
    return dict(targets=rows, false_alarms=false)
