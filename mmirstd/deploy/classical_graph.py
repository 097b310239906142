"""The classical methods as graphs: the same filters in PyTorch's operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from mmirstd.models.segmentors import LCM, MPCM, WSLCM, ClassicalSegmentor, MaxMedian, WhiteTopHat
from mmirstd.models.segmentors.cells import NEIGHBOR_OFFSETS
from mmirstd.models.segmentors.classical import LOGIT_LIMIT
from mmirstd.models.segmentors.max_median import DIRECTIONS

from .image_graph import ImageGraph


class ClassicalGraph(ImageGraph):
    """A classical method with its adaptive threshold, which is taken over the whole image.

    Args:
        model: Of a type in ``SALIENCIES``.
        **options: See :class:`~.image_graph.ImageGraph`.
    """

    whole_image = True

    def __init__(self, model: ClassicalSegmentor, **options: Any) -> None:
        super().__init__(**options)
        self.method: Any = [model]  # no submodule: its one parameter is empty

    def logit(self, x: Tensor) -> Tensor:
        """(B, 1, H, W) -> (B, H, W); see :class:`~mmirstd.models.segmentors.classical.ClassicalSegmentor`."""
        (model,) = self.method
        saliency = SALIENCIES[type(model)](model, x[:, 0]).clamp(min=0).to(torch.float64)
        flat = saliency.flatten(1)
        mean = flat.mean(dim=1, keepdim=True)
        threshold = mean + model.threshold * (flat - mean).square().mean(dim=1, keepdim=True).sqrt()
        ratio = saliency / threshold[:, :, None].clamp(min=torch.finfo(torch.float64).tiny)
        logits = ratio.clamp(min=1e-30).log().clamp(-LOGIT_LIMIT, LOGIT_LIMIT)
        return logits.to(x.dtype)


def _white_top_hat(model: WhiteTopHat, x: Tensor) -> Tensor:
    def dilate(image: Tensor) -> Tensor:
        return _dilate(image, model.element)

    def erode(image: Tensor) -> Tensor:
        return -_dilate(-image, model.element)

    maps = []
    if model.polarity in ('bright', 'both'):
        maps.append(x - dilate(erode(x)))
    if model.polarity in ('dark', 'both'):
        maps.append(erode(dilate(x)) - x)
    return maps[0] if len(maps) == 1 else torch.maximum(*maps)


def _dilate(x: Tensor, element: Any) -> Tensor:
    """Maximum over the pixels under a symmetric element (K, K); pixels beyond the border take no part."""
    size = len(element)
    if element.all():
        return F.max_pool2d(x[:, None], size, stride=1, padding=size // 2)[:, 0]
    height, width = x.shape[1:]
    padded = F.pad(x, [size // 2] * 4, value=float('-inf'))
    best = x
    for row, column in zip(*element.nonzero()):
        best = torch.maximum(best, padded[:, int(row) : int(row) + height, int(column) : int(column) + width])
    return best


def _lcm(model: LCM, x: Tensor) -> Tensor:
    x = x.clamp(min=0)
    best = torch.zeros_like(x)
    for size in model.cell_sizes:
        peak = F.max_pool2d(x[:, None], size, stride=1, padding=size // 2)[:, 0]
        _, neighbors = _cell_means(x, size)
        best = torch.maximum(best, peak.square() / neighbors.amax(dim=1).clamp(min=model.floor))
    return best


def _mpcm(model: MPCM, x: Tensor) -> Tensor:
    best = torch.zeros_like(x)
    for size in model.cell_sizes:
        center, neighbors = _cell_means(x, size)
        for sign in {'bright': (1,), 'dark': (-1,), 'both': (1, -1)}[model.polarity]:
            differences = (sign * (center[:, None] - neighbors)).clamp(min=0)
            best = torch.maximum(best, (differences[:, :4] * differences[:, 4:]).amin(dim=1))
    return best


def _cell_means(x: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """As :func:`~mmirstd.models.segmentors.cells.cell_means`: (B, H, W) and (B, 8, H, W)."""
    height, width = x.shape[1:]
    reach = size + size // 2
    means = F.avg_pool2d(F.pad(x[:, None], [reach] * 4, mode='replicate'), size, stride=1)[:, 0]

    def shifted(rows: int, columns: int) -> Tensor:
        top, left = size * (1 + rows), size * (1 + columns)
        return means[:, top : top + height, left : left + width]

    return shifted(0, 0), torch.stack([shifted(*offset) for offset in NEIGHBOR_OFFSETS], dim=1)


def _wslcm(model: WSLCM, x: Tensor) -> Tensor:
    # Products of three gray levels lose too much in single precision.
    gray = _windows(x.to(torch.float64), 3, 1).topk(5, dim=-1).values[..., -1] * model.gray_levels
    binomial = torch.tensor([1.0, 2, 1, 2, 4, 2, 1, 2, 1], dtype=torch.float64) / 16
    smooth = (_windows(gray, 3, 1) * binomial.to(gray)).sum(dim=-1)
    best = torch.zeros_like(gray)
    for size in model.cell_sizes:
        cells = _windows(gray, size, size + size // 2)
        brightest = cells.topk(model.num_brightest, dim=-1).values.mean(dim=-1)
        bright, irregularity = (_with_neighbors(part, size) for part in (brightest, brightest - cells.mean(dim=-1)))
        contrast = (smooth.square() / bright[:, 1:].amax(dim=1).clamp(min=1) - smooth).clamp(min=0)
        own, others = irregularity[:, 0], irregularity[:, 1:]
        distance = (own - others.amax(dim=1)).clamp(min=0)
        variance = (others - others.mean(dim=1, keepdim=True)).square().sum(dim=1) / (len(NEIGHBOR_OFFSETS) - 1)
        deviation = variance.sqrt().clamp(min=model.min_deviation)
        best = torch.maximum(best, own * distance / deviation * contrast)
    return best


def _windows(x: Tensor, size: int, reach: int) -> Tensor:
    """All windows of a map that is continued by its border: (B, H, W) -> (B, H + 2 r - s + 1, W + ..., s * s)."""
    padded = F.pad(x[:, None], [reach] * 4, mode='replicate')[:, 0]
    height, width = (n + 2 * reach - size + 1 for n in x.shape[1:])
    return torch.stack([padded[:, i : i + height, j : j + width] for i in range(size) for j in range(size)], dim=-1)


def _with_neighbors(means: Tensor, size: int) -> Tensor:
    """A map of cells (B, H + 2 s, W + 2 s) -> each cell and its eight neighbors, (B, 9, H, W)."""
    height, width = (n - 2 * size for n in means.shape[1:])
    return torch.stack(
        [
            means[:, size * (1 + row) : size * (1 + row) + height, size * (1 + column) : size * (1 + column) + width]
            for row, column in ((0, 0), *NEIGHBOR_OFFSETS)
        ],
        dim=1,
    )


def _max_median(model: MaxMedian, x: Tensor) -> Tensor:
    height, width = x.shape[1:]
    radius = model.kernel_size // 2
    padded = x.index_select(1, _mirrored(height, radius, x)).index_select(2, _mirrored(width, radius, x))
    medians = []
    for rows, columns in DIRECTIONS:
        line = torch.stack(
            [
                padded[
                    :,
                    radius + step * rows : radius + step * rows + height,
                    radius + step * columns : radius + step * columns + width,
                ]
                for step in range(-radius, radius + 1)
            ],
            dim=-1,
        )
        medians.append(line.topk(radius + 1, dim=-1).values[..., -1])
    return x - torch.stack(medians).amax(dim=0)


def _mirrored(size: Any, radius: int, x: Tensor) -> Tensor:
    """Places of an axis continued by ``radius`` at both ends, the border pixel twice."""
    places = torch.arange(size + 2 * radius, device=x.device) - radius
    period = torch.ones_like(places) * (2 * size)
    places = (places % period + period) % period
    return torch.minimum(places, period - 1 - places)


#: Type of a method -> its saliency map (B, H, W) of normalized images (B, H, W).
SALIENCIES: dict[type, Callable[[Any, Tensor], Tensor]] = {
    LCM: _lcm,
    MPCM: _mpcm,
    MaxMedian: _max_median,
    WhiteTopHat: _white_top_hat,
    WSLCM: _wslcm,
}
