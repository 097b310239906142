"""What happened in each image at every threshold, for the table of images."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from .run_analysis import RunAnalysis


def image_row(runs: Sequence[RunAnalysis], places: Sequence[int]) -> dict[str, Any]:
    """A row.

    Args:
        runs: All runs.
        places: Where the image is among the images of each run.

    Returns:
        ``targets``; of each run base64 of little-endian arrays over the thresholds: ``iou`` (float32), ``detected`` and
        ``false`` (uint16: targets, false alarms).
    """
    rows = [
        dict(
            iou=_packed(run.images[place].iou, '<f4'),
            detected=_packed(run.counts['detected'][:, place], '<u2'),
            false=_packed(np.minimum(run.counts['false'][:, place], 65535), '<u2'),
        )
        for run, place in zip(runs, places)
    ]
    return dict(targets=len(runs[0].images[places[0]].targets), runs=rows)


def _packed(values: np.ndarray, kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values, kind).tobytes()).decode()
