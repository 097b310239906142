"""Losses."""

from .soft_iou_loss import SoftIoULoss, soft_iou

__all__ = ['SoftIoULoss', 'soft_iou']
