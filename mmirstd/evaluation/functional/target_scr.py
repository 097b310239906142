"""Local signal-to-clutter ratio of an image's targets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.components import Components
from mmirstd.utils.scr import labeled_scr


def target_scr(image: NDArray[Any], targets: Components) -> NDArray[Any]:
    """Local SCR of each target beside the others, as :func:`mmirstd.utils.scr.local_scr` defines it.

    Args:
        image: (H, W), any real dtype, the gray values.
        targets: N of them.

    Returns:
        (N,) float64; NaN where the background is constant.
    """
    labels = np.zeros(image.shape, np.int32)
    targets.crop(labels)[...] = targets.labels
    return labeled_scr(image, labels, targets.boxes)
