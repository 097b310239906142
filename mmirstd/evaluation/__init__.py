"""Evaluation: :mod:`functional` (NumPy/OpenCV only) and :mod:`metrics` (mmengine).

The metrics are loaded on first use (PEP 562), so that
``from mmirstd.evaluation import functional`` needs neither torch nor mmengine.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import functional, metrics
    from .metrics import ClipMaskMetric, IRSTDMetric, MovingTargetMetric

__all__ = ['ClipMaskMetric', 'IRSTDMetric', 'MovingTargetMetric', 'functional', 'metrics']


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name in ('functional', 'metrics'):
            return import_module(f'{__name__}.{name}')
        if name in ('ClipMaskMetric', 'IRSTDMetric', 'MovingTargetMetric'):
            return getattr(import_module(f'{__name__}.metrics'), name)
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')

    def __dir__() -> list[str]:
        return sorted(set(globals()) | set(__all__))
