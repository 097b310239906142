"""Losses."""

from .dgr_loss import DGRLoss
from .soft_iou_loss import SoftIoULoss, soft_iou

__all__ = ['DGRLoss', 'SoftIoULoss', 'soft_iou']
