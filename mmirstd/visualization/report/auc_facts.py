"""What a run's AUC is made of: why it says little about small targets."""

from __future__ import annotations

from typing import Any

import numpy as np

from .run_analysis import RunAnalysis

#: False positive rate at which a detector may still be of use: some 6 pixels of an image of 256 x 256.
USEFUL_RATE = 1e-4


def auc_facts(run: RunAnalysis) -> dict[str, Any] | None:
    """The parts of the area under the ROC by pixel.

    Args:
        run: Of masks.

    Returns:
        ``auc``; ``useful``: the true positive rate at :data:`USEFUL_RATE` false positives; ``lowest``: the share of
        target pixels with a probability in the lowest bin, which no threshold finds; ``tail``: the area that this
        costs, for want of an order among them and the background pixels there. None of boxes, and without targets.
    """
    if run.kind != 'masks' or not np.isfinite(run.summary['own']['default']['AUC']):
        return None
    curves = run.curves
    fpr, tpr = curves['fpr'], curves['tpr']
    target, background = curves['target'], curves['background']
    lowest = float(target[0] / target.sum())
    tied = float(background[0] / background.sum())
    return dict(
        auc=run.summary['own']['default']['AUC'],
        useful=float(np.interp(USEFUL_RATE, fpr, tpr)),
        lowest=lowest,
        tail=lowest * tied / 2,
        rate=USEFUL_RATE,
    )
