"""mmengine metrics."""

from .irstd_metric import IRSTDMetric
from .moving_target_metric import MovingTargetMetric

__all__ = ['IRSTDMetric', 'MovingTargetMetric']
