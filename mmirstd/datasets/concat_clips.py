"""Several clip data sets as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.dataset import ConcatDataset

from mmirstd.registry import DATASETS


@DATASETS.register_module()
class ConcatClipDataset(ConcatDataset):
    """mmengine's ``ConcatDataset`` of clip data sets, whose clips have the same number of frames.

    So a config of single frames says it once, as of one data set: ``dataset=dict(num_frames=1)``.

    For training: two annotations may number their frames alike, which an evaluation would mix up.

    Args:
        datasets: Configs of clip data sets, also within wrappers (``RepeatDataset``), without ``num_frames``.
        num_frames: Frames T of a clip.
        lazy_init: As in mmengine.
    """

    def __init__(self, datasets: Sequence[Mapping[str, Any]], num_frames: int = 5, lazy_init: bool = False) -> None:
        super().__init__([with_frames(part, num_frames) for part in datasets], lazy_init)


def with_frames(config: Mapping[str, Any], num_frames: int) -> dict[str, Any]:
    """A copy of a data set's config in which the innermost data sets take clips of ``num_frames``."""
    if 'datasets' in config:
        return {**config, 'datasets': [with_frames(part, num_frames) for part in config['datasets']]}
    if 'dataset' in config:
        return {**config, 'dataset': with_frames(config['dataset'], num_frames)}
    return {**config, 'num_frames': num_frames}
