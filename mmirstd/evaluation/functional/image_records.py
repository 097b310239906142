"""What happened to each target and to each false alarm of an image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.components import component_maxima

from .image_evidence import ImageEvidence
from .matching import centroid_distances
from .pd_fa import TargetRule
from .target_scr import target_scr


def image_records(
    evidence: ImageEvidence, rule: TargetRule, gray: NDArray[Any] | None = None
) -> dict[str, list[dict[str, Any]]]:
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
    scr = target_scr(gray, targets) if gray is not None else np.full(len(targets), np.nan)
    found = targets.labels[targets.crop(evidence.prediction(rule.prediction))]
    covered = np.bincount(found, minlength=len(targets) + 1)[1:]
    rows = []
    for index, (row, col) in enumerate(targets.centroids):
        nearest = float(centroid_distances(index, targets, predictions).min()) if len(predictions) else None
        rows.append(
            dict(
                id=index,
                row=float(row),
                col=float(col),
                area=int(targets.areas[index]),
                matched=bool(matches.detected[index]),
                distance=float(matches.distance[index]) if matches.detected[index] else None,
                nearest=nearest,
                covered=int(covered[index]),
                score=float(scores[index]),
                scr=float(scr[index]) if np.isfinite(scr[index]) else None,
            )
        )
    maxima, centroids = component_maxima(predictions, evidence.score), predictions.centroids
    false = [
        dict(
            row=float(centroids[index, 0]),
            col=float(centroids[index, 1]),
            area=int(predictions.areas[index]),
            score=float(maxima[index]),
        )
        for index in np.flatnonzero(~matches.matched)
    ]
    return dict(targets=rows, false_alarms=false)
