"""Losses."""

from .corner_focal_loss import CornerFocalLoss
from .dgr_loss import DGRLoss
from .dice_loss import DiceLoss
from .mask_loss import MaskLoss
from .sls_iou_loss import SLSIoULoss
from .soft_iou_loss import SoftIoULoss, soft_iou

__all__ = ['CornerFocalLoss', 'DGRLoss', 'DiceLoss', 'MaskLoss', 'SLSIoULoss', 'SoftIoULoss', 'soft_iou']
