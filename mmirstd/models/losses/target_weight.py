"""Weights of a feature map's places by how near a target they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F


def target_weights(
    data_samples: Sequence[Any] | None,
    size: tuple[int, int],
    image_size: tuple[int, int],
    batch: int,
    radius: float = 1.0,
    background: float = 0.0,
    device: torch.device | str = 'cpu',
) -> Tensor:
    """1 in the neighborhood of targets, ``background`` elsewhere.

    Args:
        data_samples: mmdet's (``gt_instances.bboxes``, x1 y1 x2 y2 in pixels of the network's input) or mmseg's
            (``gt_sem_seg.data``, (1, H, W), target where > 0 and not 255) data samples, one an image.
        size: Height and width of the feature map.
        image_size: Height and width of the network's input.
        batch: Images in the feature map's batch, a multiple of the number of samples; of clips folded into it, time
            outermost as MultiFrameDetector does, every frame gets its sample's targets, which are the key frame's.
        radius: How far the neighborhood reaches beyond the target, in cells of the feature map; of masks in whole
            cells, rounded down.
        background: Weight of the other places, >= 0.
        device: Where the weights are made.

    Returns:
        (batch, 1, H, W) at that size, float32.

    Raises:
        ValueError: There are no data samples, they have no targets' field, or do not fit the batch.
    """
    if not data_samples or batch % len(data_samples):
        count = len(data_samples) if data_samples else 0
        raise ValueError(
            f'DGRLoss: weights by targets need the ground truth: {count} data samples for a batch of '
            f'{batch}\n  cure: weight=None'
        )
    maps = []
    for sample in data_samples:
        if 'gt_instances' in sample:
            maps.append(_from_boxes(sample.gt_instances.bboxes, size, image_size, radius, device))
        elif 'gt_sem_seg' in sample:
            maps.append(_from_mask(sample.gt_sem_seg.data, size, image_size, radius, device))
        else:
            raise ValueError(
                'DGRLoss: weights by targets need gt_instances (boxes) or gt_sem_seg (masks) in the data '
                'samples; these have neither\n  cure: weight=None'
            )
    near = torch.stack(maps).repeat(batch // len(maps), 1, 1)[:, None]
    return background + (1 - background) * near.float()


def _from_boxes(
    boxes: Any, size: tuple[int, int], image_size: tuple[int, int], radius: float, device: torch.device | str
) -> Tensor:
    boxes = getattr(boxes, 'tensor', boxes).detach().to(device, torch.float32)
    near = []
    for axis, first in ((0, 1), (1, 0)):  # rows by y1, y2; columns by x1, x2
        cells = torch.arange(size[axis], device=device, dtype=torch.float32)
        low = boxes[:, first] * size[axis] / image_size[axis]
        high = boxes[:, first + 2] * size[axis] / image_size[axis]
        # a cell covers [i, i + 1)
        near.append((cells[None] + 1 > low[:, None] - radius) & (cells[None] < high[:, None] + radius))
    return (near[0][:, :, None] & near[1][:, None, :]).any(dim=0)


def _from_mask(
    mask: Tensor, size: tuple[int, int], image_size: tuple[int, int], radius: float, device: torch.device | str
) -> Tensor:
    mask = mask.detach().to(device).reshape(1, 1, *mask.shape[-2:])
    target = ((mask > 0) & (mask != 255)).float()
    # Padding that the preprocessor added on the right and at the bottom is in image_size but may not be in the mask.
    target = F.pad(target, (0, image_size[1] - target.shape[3], 0, image_size[0] - target.shape[2]))
    near = F.adaptive_max_pool2d(target, size)
    reach = int(radius)
    if reach:
        near = F.max_pool2d(near, 2 * reach + 1, stride=1, padding=reach)
    return near[0, 0] > 0
