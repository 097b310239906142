"""Resizing and letterboxes as products of matrices, so that a graph of them takes images of any size."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from mmirstd.utils.errors import ConfigError


class Placement(NamedTuple):
    """Where the image is in what the network sees.

    Attributes:
        scale: Width and height after over before, (2,) float64.
        offset: Columns and rows before the image, (2,) float64.
    """

    scale: Tensor
    offset: Tensor

    def undo(self, boxes: Tensor) -> Tensor:
        """Boxes (..., 4) x1, y1, x2, y2 in pixels of the network's image -> in pixels of the image as given."""
        offset, scale = self.offset.to(boxes).repeat(2), self.scale.to(boxes).repeat(2)
        return (boxes - offset) / scale


def _bicubic(distance: Tensor) -> Tensor:
    """Pillow's kernel (a = -0.5)."""
    x = distance.abs()
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return torch.where(x < 1, near, torch.where(x < 2, far, torch.zeros_like(x)))


def axis_matrix(source: Any, target: Tensor, places: Tensor, interpolation: str) -> Tensor:
    """How the pixels of an axis make up those of the resized axis.

    Args:
        source: Pixels of the axis; a number, or a tensor while a graph is made.
        target: Pixels after resizing, a tensor without dimensions.
        places: (N,) float64, the resized pixels that are wanted.
        interpolation: ``'bicubic'``: Pillow's, which averages when it shrinks; ``'bilinear'``: OpenCV's.

    Returns:
        (N, source) float64.
    """
    scale = _number(source, places) / target
    columns = torch.arange(source, device=places.device).to(places)
    centers = ((places + 0.5) * scale)[:, None]
    if interpolation == 'bilinear':
        centers = torch.minimum((centers - 0.5).clamp(min=0), _number(source, places) - 1)
        return (1 - (columns - centers).abs()).clamp(min=0)
    weights = _bicubic((columns + 0.5 - centers) / scale.clamp(min=1))
    return weights / weights.sum(dim=1, keepdim=True)


class Letterbox(nn.Module):
    """``mmirstd.ClipLetterbox`` in a graph.

    Args:
        size: Height and width of the letterbox in pixels.
        pad_value: Of the border.
        interpolation: ``'bicubic'`` or ``'bilinear'``.
        center: Image in the middle, or at the top left.

    Raises:
        ConfigError: Another interpolation.
    """

    KNOWN = ('bicubic', 'bilinear')

    def __init__(self, size: tuple[int, int], pad_value: float, interpolation: str, center: bool) -> None:
        super().__init__()
        if interpolation not in self.KNOWN:
            raise ConfigError(
                f'ClipLetterbox with interpolation={interpolation!r} has no graph', expected=' or '.join(self.KNOWN)
            )
        self.size = size
        self.pad_value = pad_value
        self.interpolation = interpolation
        self.center = center

    def forward(self, x: Tensor) -> tuple[Tensor, Placement]:
        """(N, H, W) -> (N, height, width) of the new size, and where the image is in it."""
        # In float64, as the transform computes sizes: one pixel more or less depends on the rounding.
        like = torch.zeros((), dtype=torch.float64, device=x.device)
        before = [_number(side, like) for side in x.shape[1:]]
        # A number over a tensor would be the tensor's reciprocal times the number, which rounds twice.
        scale = torch.minimum(*(_number(whole, like) / side for whole, side in zip(self.size, before)))
        after = [(side * scale).floor().clamp(min=1) for side in before]
        inside, matrices, offsets = [], [], []
        for side, given, whole in zip(after, x.shape[1:], self.size):
            offset = ((whole - side) / 2).floor() if self.center else torch.zeros_like(side)
            places = torch.arange(whole, device=x.device).to(like) - offset
            inside.append((places >= 0) & (places < side))
            matrices.append(axis_matrix(given, side, places, self.interpolation).to(x))
            offsets.append(offset)
        resized = matrices[0] @ x @ matrices[1].transpose(0, 1)
        if self.interpolation == 'bicubic':
            low, high = x.amin(dim=(1, 2), keepdim=True), x.amax(dim=(1, 2), keepdim=True)
            resized = torch.minimum(torch.maximum(resized, low.clamp(max=0)), high.clamp(min=1))
        image = inside[0][:, None] & inside[1][None]
        boxed = torch.where(image, resized, torch.full_like(resized, self.pad_value))
        factors = [side / given for side, given in zip(after, before)]
        return boxed, Placement(torch.stack(factors[::-1]), torch.stack(offsets[::-1]))


def _number(value: Any, like: Tensor) -> Tensor:
    """A size as a tensor without dimensions, which a graph keeps open."""
    return torch.ones((), dtype=like.dtype, device=like.device) * value
