"""The inferencer that fits a model."""

from __future__ import annotations

import os
from typing import Any

from mmengine.registry import DefaultScope
from torch import nn

from mmirstd.models.clip_model import ClipModel
from mmirstd.registry import MODELS

from .base_inferencer import TargetInferencer
from .detector_inferencer import DetectorInferencer
from .irstd_inferencer import IRSTDInferencer
from .model_loading import ModelLike, as_config
from .moving_target_inferencer import MovingTargetInferencer


def build_inferencer(
    model: ModelLike,
    weights: str | os.PathLike[str] | None = None,
    tile: str = 'auto',
    tiling: Any = None,
    backend: str | None = None,
    precision: str = 'fp32',
    calibration_images: str | os.PathLike[str] | None = None,
    tta: str | None = None,
    **options: Any,
) -> TargetInferencer:
    """An :class:`IRSTDInferencer`, or what models of clips and detectors of boxes need.

    A detector or segmentor of clips gets a :class:`MovingTargetInferencer`, any other detector of mmdet a
    :class:`DetectorInferencer`.

    Args:
        model: As for all.
        weights: As for all.
        tile: For segmentation networks, see :class:`IRSTDInferencer`.
        tiling: Likewise.
        backend: Likewise.
        precision: Likewise.
        calibration_images: Likewise.
        tta: Likewise.
        options: For all.

    Raises:
        ValueError: ``tile='on'``, ``tta``, or a backend or a precision that the model does not run in.
    """
    from mmdet.models.detectors import BaseDetector  # behind mmirstd.models: mmdet may need what mmirstd.compat puts in

    if isinstance(model, nn.Module):
        kind: Any = type(model)
    else:
        model = as_config(model)
        kind = _network_class(model)
    if kind is None or not issubclass(kind, (BaseDetector, ClipModel)):
        return IRSTDInferencer(
            model,
            weights,
            tile=tile,
            tiling=tiling,
            backend=backend,
            precision=precision,
            calibration_images=calibration_images,
            tta=tta,
            **options,
        )
    if tile == 'on':
        raise ValueError('frames of a detector or of a model of clips are not tiled; leave --tile out')
    if tta is not None:
        raise ValueError('detectors and models of clips have no test-time augmentation; leave --tta out')
    if issubclass(kind, ClipModel):
        return MovingTargetInferencer(model, weights, backend=backend, precision=precision, **options)
    if backend not in (None, 'auto', 'torch') or precision != 'fp32':
        raise ValueError('detectors of single images run in PyTorch and fp32; leave --backend and --precision out')
    return DetectorInferencer(model, weights, **options)


def _network_class(cfg: Any) -> type | None:
    """The class that a config's ``model`` names; None where no registry has it, which building it will explain."""
    name = cfg['model'].get('type', '')
    if isinstance(name, type):
        return name
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope')):
        scope = name.split('.', 1)[0] if '.' in name else cfg.get('default_scope')
        try:
            with MODELS.switch_scope_and_registry(scope) as registry:
                return registry.get(name)
        except (ImportError, KeyError):
            return None
