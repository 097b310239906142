"""From probabilities and logits to the mask, inside a graph."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmirstd.false_alarms.cfar import Cfar
from mmirstd.false_alarms.operating_point import OperatingPoint


class TargetDecision(nn.Module):
    """Which pixels are targets: above a probability, a logit, or a multiple of the spread around them.

    The adaptive threshold (:class:`~mmirstd.false_alarms.cfar.Cfar`) by mean and standard deviation is sums over
    squares, which a graph has. The one by medians sorts a hundred numbers for each pixel: there is no mask in the graph
    then, and the inferencer of the file makes it from the logits, by what the file says of itself.

    Args:
        threshold: A pixel is target when its probability is greater.
        point: A threshold of the logits that decides in its place; None: there is none.
    """

    def __init__(self, threshold: float, point: OperatingPoint | None = None) -> None:
        super().__init__()
        self.threshold = float(threshold)
        self.point = point

    @property
    def in_graph(self) -> bool:
        """Whether :meth:`forward` can be asked."""
        return self.point is None or self.point.cfar is None or self.point.cfar.statistic == 'mean'

    @property
    def outputs(self) -> dict[str, str]:
        """Name of the output -> what it is; empty where there is none."""
        if not self.in_graph:
            return {}
        if self.point is None:
            rule = 'the probability is above the threshold'
        elif self.point.cfar is None:
            rule = f'the logit is above {self.point.logit:g}'
        else:
            rule = (
                f'the logit is more than {self.point.logit:g} standard deviations above the mean of those around it '
                '(CFAR)'
            )
        return {'mask': f'(B, H, W) uint8: 1 where {rule}'}

    def forward(self, probability: Tensor, logit: Tensor) -> tuple[Tensor, ...]:
        """The mask, (B, H, W) uint8, of two maps of this shape; nothing where it is not in the graph."""
        if not self.in_graph:
            return ()
        if self.point is None:
            above = probability > self.threshold
        elif self.point.cfar is None:
            above = logit > self.point.logit
        else:
            above = local_score(logit, self.point.cfar) > self.point.logit
        return (above.to(torch.uint8),)


def local_score(logit: Tensor, cfar: Cfar) -> Tensor:
    """What :class:`~mmirstd.false_alarms.cfar.Cfar` by mean and standard deviation gives, as poolings.

    Args:
        logit: (B, H, W) of any size.
        cfar: Its statistic is ``'mean'``.

    Returns:
        (B, H, W).
    """
    # About the mean of the image, so that the squares keep their digits.
    values = logit - logit.mean(dim=(1, 2), keepdim=True)
    reach = cfar.ring // 2
    padded = values
    for dim in (1, 2):
        padded = padded.index_select(dim, _mirrored(values.shape[dim], reach, values.device))
    mean, square = (_ring_mean(x[:, None], cfar)[:, 0] for x in (padded, padded.square()))
    deviation = (square - mean.square()).clamp(min=cfar.floor**2).sqrt()
    return (values - mean) / deviation


def _mirrored(size: Any, reach: int, device: torch.device) -> Tensor:
    """(size + 2 * reach,) where each place of the padded axis takes its value from; the edge pixel counts twice."""
    places = torch.arange(size + 2 * reach, device=device)
    # A tensor and no number: in a graph the size is not known.
    period = torch.ones((), dtype=torch.long, device=device) * (2 * size)
    places = (places + period * reach - reach) % period
    return torch.minimum(places, period - 1 - places)


def _ring_mean(padded: Tensor, cfar: Cfar) -> Tensor:
    margin = (cfar.ring - cfar.guard) // 2
    inner = padded[:, :, margin:-margin, margin:-margin]
    sums = [_square_mean(x, side) * side**2 for x, side in ((padded, cfar.ring), (inner, cfar.guard))]
    return (sums[0] - sums[1]) / (cfar.ring**2 - cfar.guard**2)


def _square_mean(x: Tensor, side: int) -> Tensor:
    rows = F.avg_pool2d(x, (side, 1), stride=1)
    return F.avg_pool2d(rows, (1, side), stride=1)
