"""Non-maximum suppression in a graph, and what a right result of it is."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mmirstd.compat.compiling import is_compiling
from mmirstd.compat.nms import nms, overlap_exceeds


class _Suppression(torch.autograd.Function):
    """ONNX's operator NonMaxSuppression, which in PyTorch is our own."""

    @staticmethod
    def forward(ctx: Any, boxes: Tensor, scores: Tensor, iou: float, least: float) -> Tensor:
        """See :func:`suppress`."""
        if is_compiling():
            return _suppress_in_program(boxes, scores, iou, least)
        if torch.jit.is_tracing():  # what stands here is not in the graph, see symbolic
            return torch.zeros(1, 3, dtype=torch.long)
        found = []
        for image in range(len(scores)):
            for label in range(scores.shape[1]):
                above = torch.nonzero(scores[image, label] > least)[:, 0]
                kept = above[nms(boxes[image, above], scores[image, label, above], iou)]
                ones = torch.ones_like(kept)
                found.append(torch.stack([image * ones, label * ones, kept], dim=1))
        return torch.cat(found)

    @staticmethod
    def symbolic(g: Any, boxes: Any, scores: Any, iou: float, least: float) -> Any:
        """The operator; no class has more boxes than the first input."""

        def constant(value: Any, dtype: torch.dtype) -> Any:
            return g.op('Constant', value_t=torch.tensor([value], dtype=dtype))

        most = constant(2**31 - 1, torch.long)
        return g.op('NonMaxSuppression', boxes, scores, most, constant(iou, torch.float), constant(least, torch.float))


def suppress(boxes: Tensor, scores: Tensor, iou: float, least: float) -> Tensor:
    """Greedy suppression of overlapping boxes, class by class.

    Args:
        boxes: (B, N, 4) x1, y1, x2, y2.
        scores: (B, C, N).
        iou: A box goes whose IoU with a better one that stays is greater.
        least: Boxes of no greater score go.

    Returns:
        (K, 3) int64: image, class, box; those of an image and class by descending score.
    """
    return _Suppression.apply(boxes, scores, iou, least)


def _suppress_in_program(boxes: Tensor, scores: Tensor, iou: float, least: float) -> Tensor:
    """:func:`suppress` for ``torch.export``, which cannot record a loop whose length the image decides.

    A box stays if no better one that stays overlaps it. From "all stay", each turn of the loop settles at least the
    next best box that is open, so it ends at the greedy result. It takes memory with the square of the number of boxes
    above ``least``.
    """
    from torch._higher_order_ops.while_loop import while_loop  # PyTorch 2.0 has none

    image, label, box = torch.nonzero(scores > least).unbind(1)
    found = scores[image, label, box]
    group = image * scores.shape[1] + label
    order = found.sort(descending=True, stable=True)[1]
    order = order.index_select(0, group.index_select(0, order).sort(stable=True)[1])
    image, label, box, group = (part.index_select(0, order) for part in (image, label, box, group))
    x1, y1, x2, y2 = boxes[image, box].unbind(1)
    sides = torch.stack([x1, y1, x2, y2, (x2 - x1) * (y2 - y1)])
    limit = torch.full((), iou, dtype=boxes.dtype, device=boxes.device)
    place = torch.arange(group.shape[0], device=boxes.device)
    later = (place[:, None] < place) & (group[:, None] == group)
    suppresses = overlap_exceeds(sides, sides, limit, 0) & later

    def open_yet(before: Tensor, kept: Tensor) -> Tensor:
        return (before != kept).any()

    def settle(before: Tensor, kept: Tensor) -> tuple[Tensor, Tensor]:
        return kept.clone(), ~(suppresses & kept[:, None]).any(0)

    none = torch.zeros_like(group, dtype=torch.bool)
    _, kept = while_loop(open_yet, settle, (none, ~none))
    return torch.stack([image, label, box], dim=1).index_select(0, torch.nonzero(kept)[:, 0])


def pairwise_iou(first: Tensor, second: Tensor) -> Tensor:
    """IoU of boxes (M, 4) and (N, 4), (M, N); 0 where both are empty."""
    low = torch.maximum(first[:, None, :2], second[None, :, :2])
    high = torch.minimum(first[:, None, 2:], second[None, :, 2:])
    overlap = (high - low).clamp(min=0).prod(dim=-1)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(dim=-1) for boxes in (first, second)]
    return overlap / (areas[0][:, None] + areas[1][None] - overlap).clamp(min=torch.finfo(overlap.dtype).tiny)


def suppression_error(
    boxes: Tensor, scores: Tensor, kept_boxes: Tensor, kept_scores: Tensor, iou: float, least: float
) -> float:
    """How far boxes are from a right result of greedy suppression, in units of score and of IoU.

    Rounding may decide between two boxes that are as good, so results are not compared one by one. A result is right
    if every box of it is a candidate, no two of it overlap more than is allowed, and every candidate that is not in it
    overlaps one that is as good. With no two equal scores there is one such result, the greedy one.

    Args:
        boxes: (N, 4), the candidates of one image and class.
        scores: (N,).
        kept_boxes: (K, 4), the result.
        kept_scores: (K,).
        iou: Of the suppression.
        least: Score that the candidates must exceed.

    Returns:
        The largest violation; 0: none.
    """
    strong = scores > least
    if not len(kept_boxes):
        return float((scores - least).clamp(min=0).max()) if strong.any() else 0.0
    overlaps = pairwise_iou(kept_boxes, boxes)
    apart = torch.maximum(1 - overlaps, (kept_scores[:, None] - scores[None]).abs())
    violation = apart.amin(dim=1).max()
    own = pairwise_iou(kept_boxes, kept_boxes).fill_diagonal_(0)
    violation = torch.maximum(violation, (own - iou).max())
    # A candidate is accounted for by a box that it is, or that is at least as good and overlaps it.
    lacking = torch.maximum(iou - overlaps, scores[None] - kept_scores[:, None])
    unexplained = torch.minimum(torch.minimum(lacking, apart).amin(dim=0), scores - least)
    return float(torch.maximum(violation, unexplained.max()).clamp(min=0))
