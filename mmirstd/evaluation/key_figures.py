"""Which of many measures are shown where there is room for a few."""

from __future__ import annotations

from collections.abc import Iterable

#: Ours, mmseg's and mmdet's, in the order in which they are shown.
_KNOWN = ('IoU', 'mIoU', 'nIoU', 'mAP50', 'coco/bbox_mAP', 'coco/bbox_mAP_50', 'Pd', 'Fa_e6')
_MOST = 4

#: Measures of false alarms; of all others more is better.
LOWER_IS_BETTER = ('Fa', 'Fa_e6', 'false_per_frame')


def key_figures(names: Iterable[str], monitor: str | None = None) -> list[str]:
    """The few measures that say how good a network is, for a line.

    Args:
        names: All measures that there are.
        monitor: The one by which the best checkpoint is chosen; it comes first.

    Returns:
        Those of ``names`` that are known (IoU, Pd, Fa, mAP50), else the first few.
    """
    names = list(names)
    chosen = [name for name in _KNOWN if name in names] or names[:_MOST]
    if monitor is not None and monitor in names:
        chosen = [monitor, *(name for name in chosen if name != monitor)]
    return chosen
