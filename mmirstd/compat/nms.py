"""Non-maximum suppression in plain PyTorch, equal to mmcv's compiled CPU operator."""

from __future__ import annotations

import torch
from torch import Tensor

# Rows of the overlap matrix held at a time: bounds memory to a few times _BLOCK x N floats, and on a CPU keeps
# the intermediate results of some thousand boxes in its cache.
_BLOCK = 128


def overlap_exceeds(rows: Tensor, cols: Tensor, threshold: Tensor, offset: int) -> Tensor:
    """Where IoU > threshold, (R, C), between boxes as columns x1, y1, x2, y2, area of (5, R) and (5, C).

    The operations and their order are those of mmcv's loop, so the rounding is the same too.
    """
    x1, y1, x2, y2, area = rows[..., None]
    width = torch.minimum(x2, cols[2]).sub_(torch.maximum(x1, cols[0])).add_(offset).clamp_(min=0)
    height = torch.minimum(y2, cols[3]).sub_(torch.maximum(y1, cols[1])).add_(offset).clamp_(min=0)
    inter = width.mul_(height)
    union = (area + cols[4]).sub_(inter)
    # 0 / 0 (two degenerate boxes) is NaN, which exceeds nothing: both stay, as in mmcv.
    return inter.div_(union) > threshold


def _greedy(suppresses: Tensor) -> Tensor:
    """Solve greedy suppression inside a block.

    ``suppresses`` (B, B) is strictly upper triangular: entry (i, j) says that i,
    if kept, removes j.  The greedy answer is the only fixed point of "j is kept
    when no kept i removes it"; iterating from "all kept" settles at least one
    more link of every chain each time, so it ends there after (longest chain)
    steps, typically a handful, without a Python loop over boxes.
    """
    keep = torch.ones(suppresses.size(0), dtype=torch.bool, device=suppresses.device)
    while True:
        settled = ~(suppresses & keep[:, None]).any(0)
        if torch.equal(settled, keep):
            return keep
        keep = settled


@torch.no_grad()
def nms(bboxes: Tensor, scores: Tensor, iou_threshold: float, offset: int = 0) -> Tensor:
    """Greedy NMS with the semantics of mmcv's compiled ``nms`` (``ops/csrc/pytorch/cpu/nms.cpp``).

    Boxes are visited by descending score and a box is removed when its IoU with
    a kept box is strictly greater than ``iou_threshold``.

    Args:
        bboxes: (N, 4) boxes x1, y1, x2, y2 in pixels, on any device.  Computed in
            float32 as mmcv does (half precision is widened, float64 is kept).
        scores: (N,) scores.
        iou_threshold: In [0, 1].
        offset: 0 or 1; a box's width is ``x2 - x1 + offset``.

    Returns:
        (K,) int64 indices of the kept boxes by descending score, on the boxes' device.
    """
    if bboxes.numel() == 0:
        return torch.empty(0, dtype=torch.long, device=bboxes.device)
    boxes = bboxes if bboxes.dtype == torch.float64 else bboxes.float()
    # The very call mmcv makes: torch does not promise the order of equal scores, so only this one matches it.
    order = scores.sort(0, descending=True)[1]
    x1, y1, x2, y2 = boxes[order].t().contiguous()
    pending = torch.stack([x1, y1, x2, y2, (x2 - x1 + offset) * (y2 - y1 + offset)])
    # mmcv's operator takes a C float: 0.7 means float32(0.7).
    threshold = torch.tensor(iou_threshold, dtype=boxes.dtype, device=boxes.device)

    position = torch.arange(boxes.size(0), device=boxes.device)
    kept = []
    while position.numel():
        head, pending = pending[:, :_BLOCK], pending[:, _BLOCK:]
        keep = _greedy(overlap_exceeds(head, head, threshold, offset).triu_(1))
        kept.append(position[:_BLOCK][keep])
        position = position[_BLOCK:]
        if position.numel():
            alive = ~overlap_exceeds(head[:, keep], pending, threshold, offset).any(0)
            pending, position = pending[:, alive], position[alive]
    return order[torch.cat(kept)]
