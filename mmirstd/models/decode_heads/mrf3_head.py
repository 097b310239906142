"""MRF3Net's head: two classes, side masks and edges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import VanillaConv
from ..losses import BinaryCrossEntropyLoss, MeanIoULoss
from .irstd_head import IRSTDHead


def inner_edges(target: Tensor, ignore_index: int) -> Tensor:
    """Target pixels beside background, 8-connected.

    Args:
        target: (B, 1, H, W) labels, 0, 1 or ``ignore_index``.
        ignore_index: Value of the pixels that do not count, which stay.
    """
    ignored = target == ignore_index
    # Ignored pixels count as target here, so that none borders on them.
    outside = F.max_pool2d((target == 0).float(), 3, stride=1, padding=1)
    return ((target == 1) & (outside > 0)).to(target.dtype).masked_fill(ignored, ignore_index)


@MODELS.register_module()
class MRF3Head(IRSTDHead):
    """Background and target as two classes; side maps of the coarser levels and edges of all levels train beside it.

    The prediction is the difference of the two classes' logits, whose sigmoid is the softmax's target probability.  The
    official network in inference has no side maps.

    Side maps are trained by :class:`~mmirstd.models.losses.MeanIoULoss`, edges by the cross entropy, both against
    labels at the map's own size (nearest).  Edges are the targets' inner borders; the official code takes Canny's.

    Source: MRF3Net (IEEE TGRS 2024); equal to the official code (Temperature-ai/MRF3Net, ``nets/MRF3Net.py``) but for
    those edges.

    Args:
        in_channels: Channels of the decoded feature and of the coarser levels; a number: of the decoded feature alone.
        in_index: Of these in the neck's output.
        side_weight: Factor of each side map's loss.
        edge_weight: Factor of each edge map's loss.
        **kwargs: As for :class:`IRSTDHead`, without those of levels and convolutions.
    """

    def __init__(
        self,
        in_channels: int | Sequence[int] = (32, 64, 128),
        in_index: int | Sequence[int] = (0, 1, 2),
        side_weight: float = 0.01,
        edge_weight: float = 0.01,
        **kwargs: Any,
    ) -> None:
        in_channels, in_index = (
            [value] if isinstance(value, int) else list(value) for value in (in_channels, in_index)
        )
        super().__init__(in_channels=in_channels, in_index=in_index, **kwargs)
        self.side_weight = side_weight
        self.edge_weight = edge_weight
        self.conv_seg, self.aux_convs = nn.Identity(), nn.ModuleList()
        self.masks, self.edges = (
            nn.ModuleList(
                nn.Sequential(VanillaConv(width, width // 2, 3), nn.Conv2d(width // 2, 2 * self.map_channels, 1))
                for width in in_channels
            )
            for _ in range(2)
        )
        self.side_loss, self.edge_loss = MeanIoULoss(), BinaryCrossEntropyLoss(avg_non_ignore=True)

    def class_logits(self, inputs: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Levels -> masks and edges of all of them, (B, 2 map_channels, H_i, W_i) each, background first."""
        levels = self._levels(inputs)
        return ([conv(x) for conv, x in zip(self.masks, levels)], [conv(x) for conv, x in zip(self.edges, levels)])

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Levels of the neck -> the prediction's logits (B, map_channels, H, W)."""
        return as_target_logits(self.masks[0](self._levels(inputs)[0]))

    def level_logits(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Logits of the masks of all levels, the prediction's first."""
        return [as_target_logits(x) for x in self.class_logits(inputs)[0]]

    def loss(self, inputs: Sequence[Tensor], batch_data_samples: list, train_cfg: dict) -> dict[str, Tensor]:
        """Losses of the prediction, ``loss_side`` and ``loss_edge``."""
        masks, edges = ([as_target_logits(x) for x in maps] for maps in self.class_logits(inputs))
        target = self._stack_batch_gt(batch_data_samples)
        borders = inner_edges(target, self.ignore_index)
        losses = self.loss_by_feat(masks[0], batch_data_samples)
        losses['loss_side'] = self.side_weight * self._sum(self.side_loss, masks[1:], target)
        losses['loss_edge'] = self.edge_weight * self._sum(self.edge_loss, edges, borders)
        return losses

    def _sum(self, loss: nn.Module, maps: Sequence[Tensor], target: Tensor) -> Tensor:
        total = maps[0].new_zeros(())
        for logits in maps:
            own = F.interpolate(target.float(), size=logits.shape[2:]).to(target.dtype)
            total = total + loss(logits, own.squeeze(1), ignore_index=self.ignore_index)
        return total


def as_target_logits(classes: Tensor) -> Tensor:
    """(B, 2 C, H, W) logits of background and target -> (B, C, H, W), whose sigmoid is the target's softmax."""
    background, target = classes.chunk(2, dim=1)
    return target - background
