"""The two gradients that meet at a level arrive apart and exactly."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmirstd.models.necks import TopDownTaps


class ByEdges(nn.Module):
    """A pyramid of two levels, as mmirstd.CSPFPN."""

    def __init__(self) -> None:
        super().__init__()
        self.top_down_edges = nn.ModuleList([nn.Identity()])
        self.top_down_blocks = nn.ModuleList([nn.Identity()])

    def forward(self, deep: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.top_down_blocks[0](3 * self.top_down_edges[0](deep)), deep


class ByOutputs(nn.Module):
    """A pyramid of two levels, as mmdet.FPN."""

    def __init__(self) -> None:
        super().__init__()
        self.lateral_convs = nn.ModuleList([nn.Identity(), nn.Identity()])
        self.fpn_convs = nn.ModuleList([nn.Identity(), nn.Identity()])

    def forward(self, deep: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.fpn_convs[0](3 * deep), self.fpn_convs[1](deep)


def backward(pyramid: nn.Module, gate, own: float | None, incoming: float | None) -> torch.Tensor:
    """The gradient that reaches what lies below the deep level, (1, 2, 1, 1), of bfloat16 levels."""
    below = torch.zeros(1, 2, 1, 1, dtype=torch.bfloat16, requires_grad=True)
    with TopDownTaps(pyramid, gate):
        fine, deep = pyramid(below * 1)
    loss = sum(weight * level.sum() for weight, level in ((own, deep), (incoming, fine)) if weight is not None)
    loss.backward()
    return below.grad


@pytest.mark.parametrize('pyramid', [ByEdges(), ByOutputs()], ids=['edges', 'outputs'])
def test_a_gradient_far_below_the_other_s_rounding_is_seen_exactly(pyramid: nn.Module) -> None:
    for own, incoming in ((2.0**-12, 1.0), (1.0, 2.0**-12), (-0.5, 1.0)):
        seen = []
        total = backward(pyramid, lambda a, b, seen=seen: seen.append((a, b)) or (a, b), own, incoming)
        ((mine, theirs),) = seen
        assert mine.flatten().tolist() == [own] * 2
        assert theirs.flatten().tolist() == [3 * incoming] * 2
        assert total.flatten().tolist() == pytest.approx([own + 3 * incoming] * 2, rel=2**-8)


@pytest.mark.parametrize('pyramid', [ByEdges(), ByOutputs()], ids=['edges', 'outputs'])
def test_where_only_one_user_has_a_gradient(pyramid: nn.Module) -> None:
    def keep(own: torch.Tensor, incoming: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return own, incoming

    assert backward(pyramid, keep, 1.0, None).flatten().tolist() == [1.0] * 2
    assert backward(pyramid, keep, None, 1.0).flatten().tolist() == [3.0] * 2


def test_what_the_gate_returns_goes_on() -> None:
    assert backward(ByEdges(), lambda own, incoming: (own, 0 * incoming), 2.0, 1.0).flatten().tolist() == [2.0] * 2
    assert backward(ByOutputs(), lambda own, incoming: (0 * own, incoming), 2.0, 1.0).flatten().tolist() == [3.0] * 2
