"""mmengine metrics."""

from .clip_mask_metric import ClipMaskMetric
from .irstd_metric import IRSTDMetric
from .moving_target_metric import MovingTargetMetric

__all__ = ['ClipMaskMetric', 'IRSTDMetric', 'MovingTargetMetric']
