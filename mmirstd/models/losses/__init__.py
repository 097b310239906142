"""Losses."""

from .binary_cross_entropy_loss import BinaryCrossEntropyLoss
from .corner_focal_loss import CornerFocalLoss
from .dgr_loss import DGRLoss
from .dice_loss import DiceLoss
from .dual_view_box_loss import DualViewBoxLoss
from .edge_mining_loss import EdgeMiningLoss
from .focal_iou_loss import FocalIoULoss
from .isnet_edge_loss import ISNetEdgeLoss
from .logit_margin_loss import LogitMarginLoss
from .mask_loss import MaskLoss
from .mean_iou_loss import MeanIoULoss
from .sd_box_loss import SDBoxLoss
from .sd_mask_loss import SDMaskLoss
from .sls_iou_loss import SLSIoULoss
from .soft_iou_loss import SoftIoULoss, soft_iou

__all__ = [
    'BinaryCrossEntropyLoss',
    'CornerFocalLoss',
    'DGRLoss',
    'DiceLoss',
    'DualViewBoxLoss',
    'EdgeMiningLoss',
    'FocalIoULoss',
    'ISNetEdgeLoss',
    'LogitMarginLoss',
    'MaskLoss',
    'MeanIoULoss',
    'SDBoxLoss',
    'SDMaskLoss',
    'SLSIoULoss',
    'soft_iou',
    'SoftIoULoss',
]
