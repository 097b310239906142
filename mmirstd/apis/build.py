"""The inferencer that fits a model."""

from __future__ import annotations

import os
from typing import Any

from torch import nn

from .base_inferencer import TargetInferencer
from .irstd_inferencer import IRSTDInferencer
from .model_loading import ModelLike, as_config
from .moving_target_inferencer import MovingTargetInferencer


def build_inferencer(
    model: ModelLike,
    weights: str | os.PathLike[str] | None = None,
    tile: str = 'auto',
    tiling: Any = None,
    **options: Any,
) -> TargetInferencer:
    """An :class:`IRSTDInferencer`, or a :class:`MovingTargetInferencer` for a ``MultiFrameDetector``.

    Args:
        model: As for both.
        weights: As for both.
        tile: For segmentation networks, see :class:`IRSTDInferencer`.
        tiling: Likewise.
        options: For both.

    Raises:
        ValueError: ``tile='on'`` for a detector, whose frames are not tiled.
    """
    if isinstance(model, nn.Module):
        kind = type(model).__name__
    else:
        model = as_config(model)
        kind = str(model['model'].get('type', '')).rsplit('.', 1)[-1]
    if kind == 'MultiFrameDetector':
        if tile == 'on':
            raise ValueError('frames of a moving-target detector are not tiled; leave --tile out')
        return MovingTargetInferencer(model, weights, **options)
    return IRSTDInferencer(model, weights, tile=tile, tiling=tiling, **options)
