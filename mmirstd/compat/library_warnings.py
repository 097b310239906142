"""Keep warnings of OpenMMLab and torch about their own code out of every tool's output: no user can act on them."""

from __future__ import annotations

import warnings

#: Starts of the warnings.
_WITHOUT_CURE = (
    'faster_coco_eval is not installed',  # mmdet, when it is imported: for a metric that no config of ours names
    'torch.meshgrid: in an upcoming release',  # mmdet's grids of prior boxes
)


def ignore_library_warnings() -> None:
    """Ignore these warnings and no others; call it before mmdet is imported."""
    for start in _WITHOUT_CURE:
        warnings.filterwarnings('ignore', message=start)
