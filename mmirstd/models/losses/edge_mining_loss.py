"""The loss of PAL: binary cross entropy that looks at edges and at the harder half of the pixels."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mmirstd.registry import MODELS

from .mask_loss import MaskLoss, weighted


@MODELS.register_module()
class EdgeMiningLoss(MaskLoss):
    """Binary cross entropy, larger at the targets' edges, over the harder pixels alone (Yu et al., PAL, ICCV 2025).

    An edge pixel has a neighbor of the other class above, below, left or right (``components/edges.py``, radius 1); the
    border of a window is no edge. That is our reading. In the official code (``loss/Edge_loss.py``) the weight of
    the edges is written over that of all pixels: its loss is ours with ``edge_weight=1, loss_weight=4``.

    Args:
        edge_weight: Factor of the loss at edges, >= 0.
        easy_share: This share of the batch's pixels, those with the smallest loss, does not count, in [0, 1).
        loss_weight: Factor of the loss.
        loss_name: Key in the loss dict; must start with ``loss_`` to be optimized.
    """

    def __init__(
        self,
        edge_weight: float = 4.0,
        easy_share: float = 0.5,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_edge_mining',
    ) -> None:
        super().__init__(loss_weight, loss_name)
        if edge_weight < 0 or not 0 <= easy_share < 1:
            raise ValueError(
                f'EdgeMiningLoss: edge_weight is {edge_weight} and easy_share {easy_share}; expected 0 or more and a '
                'share in [0, 1)'
            )
        self.edge_weight = edge_weight
        self.easy_share = easy_share

    def compute(self, logits: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
        """See :class:`MaskLoss`; >= 0."""
        values = weighted(F.binary_cross_entropy_with_logits(logits, target, reduction='none'), weight)
        values = torch.where(_edges(target), self.edge_weight * values, values).flatten()
        if not self.easy_share:
            return values.mean()
        # the smallest value that counts; equal ones count, too
        least = values.detach().kthvalue(int(self.easy_share * values.numel()) + 1).values
        counted = (values.detach() >= least).to(values)
        return (values * counted).sum() / counted.sum()


def _edges(target: Tensor) -> Tensor:
    """(B, 1, H, W) bool: pixels with a neighbor across the edge of a target."""
    inside = target > 0.5
    edges = torch.zeros_like(inside)
    across = inside[..., 1:, :] != inside[..., :-1, :]
    edges[..., 1:, :] |= across
    edges[..., :-1, :] |= across
    across = inside[..., 1:] != inside[..., :-1]
    edges[..., 1:] |= across
    edges[..., :-1] |= across
    return edges
