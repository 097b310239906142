"""Supervision of an edge map that the neck has already made (ISNet)."""

from __future__ import annotations

from torch import nn

from mmirstd.registry import MODELS

from .irstd_head import IRSTDHead


@MODELS.register_module()
class EdgeHead(IRSTDHead):
    """Auxiliary head without parameters: one level of the neck is the logits of the targets' edges.

    Args:
        in_index: Index of the edge logits (B, 1, H, W) in the neck's output.
        loss_decode: Loss config; it is given the target MASK and derives the edges itself.
    """

    def __init__(self, in_index: int = 1, loss_decode: dict = dict(type='mmirstd.ISNetEdgeLoss')) -> None:
        super().__init__(in_channels=1, in_index=in_index, loss_decode=loss_decode, init_cfg=None)
        self.conv_seg = nn.Identity()
