"""Which library a config's names without a prefix belong to."""

from __future__ import annotations

from typing import Any

from mmengine.registry import init_default_scope

from mmirstd.utils.config_parts import bare_type

_BOX_HEADS = ('bbox_head', 'roi_head')
_BOX_METRICS = ('MovingTargetMetric', 'CocoMetric')


def config_scope(cfg: Any) -> str:
    """The scope of a config, ``'mmseg'`` or ``'mmdet'`` where it says none.

    Data sets alone do not say it, nor do configs in mmengine's new style, where it is None. Parts of mmdet still build
    others by name, such as the losses that a head has by default.

    Args:
        cfg: A config, complete or not.
    """
    if scope := cfg.get('default_scope'):
        return str(scope)
    given = cfg.get('test_evaluator') or []
    metrics = [bare_type(item) for item in (given if isinstance(given, (list, tuple)) else [given])]
    of_boxes = any(head in (cfg.get('model') or {}) for head in _BOX_HEADS) or any(m in _BOX_METRICS for m in metrics)
    return 'mmdet' if of_boxes else 'mmseg'


def use_config_scope(cfg: Any) -> None:
    """Let names mean what they mean in a config, from here on."""
    init_default_scope(config_scope(cfg))
