"""What a run's AUC is made of: why it says little about small targets."""

from __future__ import annotations

from typing import Any

import numpy as np

from mmirstd.evaluation.functional.roc_curve import LOW_LOGITS, trapezoid

from .run_analysis import RunAnalysis

#: False positive rate at which a detector may still be of use: some 6 pixels of an image of 256 x 256.
USEFUL_RATE = 1e-4


def auc_facts(run: RunAnalysis) -> dict[str, Any] | None:
    """The parts of the area under the ROC by pixel.

    Args:
        run: Of masks.

    Returns:
        ``auc``; ``useful``: the true positive rate at :data:`USEFUL_RATE` false positives; ``lowest``: the share of
        target pixels with a probability of at most 2^-20; ``tail``: the area that is lost there, to background pixels
        above them or without an order to them. None of boxes, and without targets.
    """
    if run.kind != 'masks' or not np.isfinite(run.summary['own']['default']['AUC']):
        return None
    curves = run.curves
    fpr, tpr = curves['fpr'], curves['tpr']
    low = len(LOW_LOGITS) + 1  # these bins are the last steps of the curve
    fpr_there, tpr_there = fpr[-low - 1 :], tpr[-low - 1 :]
    return dict(
        auc=run.summary['own']['default']['AUC'],
        useful=float(np.interp(USEFUL_RATE, fpr, tpr)),
        lowest=float(1 - tpr_there[0]),
        tail=trapezoid(1 - tpr_there, fpr_there),
        rate=USEFUL_RATE,
    )
