"""Non-maximum suppression in plain PyTorch, equal to mmcv's compiled CPU operator."""

from __future__ import annotations

import torch
from torch import Tensor

# Rows of the overlap matrix held at a time: bounds the memory to a few times 512 x N floats.
_BLOCK = 512


def _overlap_exceeds(rows: Tensor, row_areas: Tensor, cols: Tensor, col_areas: Tensor, threshold: Tensor,
                     offset: int) -> Tensor:
    """Where IoU > threshold, shape (R, C); the operations and their order are mmcv's, so rounding is too."""
    left_top = torch.maximum(rows[:, None, :2], cols[None, :, :2])
    right_bottom = torch.minimum(rows[:, None, 2:], cols[None, :, 2:])
    size = (right_bottom - left_top + offset).clamp_(min=0)
    inter = size[..., 0] * size[..., 1]
    # 0 / 0 (two degenerate boxes) is NaN, which exceeds nothing: both stay, as in mmcv.
    return inter / (row_areas[:, None] + col_areas[None, :] - inter) > threshold


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
        iou_threshold: in [0, 1].
        offset: 0 or 1; a box's width is ``x2 - x1 + offset``.

    Returns:
        (K,) int64 indices of the kept boxes by descending score, on the boxes' device.
    """
    if bboxes.numel() == 0:
        return torch.empty(0, dtype=torch.long, device=bboxes.device)
    boxes = bboxes if bboxes.dtype == torch.float64 else bboxes.float()
    order = scores.sort(0, descending=True)[1]
    boxes = boxes[order]
    areas = (boxes[:, 2] - boxes[:, 0] + offset) * (boxes[:, 3] - boxes[:, 1] + offset)
    # mmcv's operator takes a C float: 0.7 means float32(0.7).
    threshold = torch.tensor(iou_threshold, dtype=boxes.dtype, device=boxes.device)

    alive = torch.arange(boxes.size(0), device=boxes.device)
    kept = []
    while alive.numel():
        head, alive = alive[:_BLOCK], alive[_BLOCK:]
        inside = _overlap_exceeds(boxes[head], areas[head], boxes[head], areas[head], threshold, offset)
        head = head[_greedy(inside.triu_(1))]
        kept.append(head)
        if alive.numel():
            reach = _overlap_exceeds(boxes[head], areas[head], boxes[alive], areas[alive], threshold, offset)
            alive = alive[~reach.any(0)]
    return order[torch.cat(kept)]
