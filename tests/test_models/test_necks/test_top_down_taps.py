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


class ByEdgesAlone(nn.Module):
    """A pyramid of somebody's own."""

    def __init__(self) -> None:
        super().__init__()
        self.top_down_edges = nn.ModuleList([nn.Identity()])

    def forward(self, deep: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return 3 * self.top_down_edges[0](deep), deep


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
    with TopDownTaps(pyramid, [gate]):
        fine, deep = pyramid(below * 1)
    loss = sum(weight * level.sum() for weight, level in ((own, deep), (incoming, fine)) if weight is not None)
    loss.backward()
    return below.grad


@pytest.mark.parametrize('pyramid', [ByEdges(), ByEdgesAlone(), ByOutputs()], ids=['edges', 'edges alone', 'outputs'])
def test_a_gradient_far_below_the_other_s_rounding_is_seen_exactly(pyramid: nn.Module) -> None:
    for own, incoming in ((2.0**-12, 1.0), (1.0, 2.0**-12), (-0.5, 1.0)):
        seen = []
        total = backward(pyramid, lambda a, b, seen=seen: seen.append((a, b)) or (a, b), own, incoming)
        ((mine, theirs),) = seen
        assert mine.flatten().tolist() == [own] * 2
        assert theirs.flatten().tolist() == [3 * incoming] * 2
        assert total.flatten().tolist() == pytest.approx([own + 3 * incoming] * 2, rel=2**-8)


@pytest.mark.parametrize('pyramid', [ByEdges(), ByEdgesAlone(), ByOutputs()], ids=['edges', 'edges alone', 'outputs'])
def test_where_only_one_user_has_a_gradient(pyramid: nn.Module) -> None:
    def keep(own: torch.Tensor, incoming: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return own, incoming

    assert backward(pyramid, keep, 1.0, None).flatten().tolist() == [1.0] * 2
    assert backward(pyramid, keep, None, 1.0).flatten().tolist() == [3.0] * 2


def test_what_the_gate_returns_goes_on() -> None:
    assert backward(ByEdges(), lambda own, incoming: (own, 0 * incoming), 2.0, 1.0).flatten().tolist() == [2.0] * 2
    assert backward(ByOutputs(), lambda own, incoming: (0 * own, incoming), 2.0, 1.0).flatten().tolist() == [3.0] * 2


class WithExtraLevel(ByOutputs):
    """One more level made from the deepest one, as mmdet.FPN(add_extra_convs='on_lateral')."""

    def __init__(self) -> None:
        super().__init__()
        self.add_extra_convs = 'on_lateral'
        self.fpn_convs.append(nn.Identity())

    def forward(self, deep: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        fine, own = super().forward(deep)
        return fine, own + 5 * self.fpn_convs[2](deep)


def test_an_extra_level_is_no_finer_one() -> None:
    seen = []
    total = backward(WithExtraLevel(), lambda own, incoming: seen.append((own, incoming)) or (own, 0 * incoming), 1, 1)
    ((own, incoming),) = seen
    assert own.flatten().tolist() == [6.0] * 2
    assert incoming.flatten().tolist() == [3.0] * 2
    assert total.flatten().tolist() == [6.0] * 2


def test_a_watch_sees_both_sides_of_the_gate_and_changes_nothing() -> None:
    for pyramid in (ByEdges(), ByOutputs(), WithExtraLevel()):
        below = torch.ones(1, 2, 1, 1, requires_grad=True)
        seen = []
        with TopDownTaps(pyramid, watch=lambda *args, seen=seen: seen.append(args)):
            fine, deep = pyramid(below * 1)
        (2 * deep.sum() + fine.sum()).backward()
        ((level, own, incoming, kept_own, kept_incoming),) = seen
        assert level == 1
        assert own is kept_own
        assert incoming is kept_incoming
        assert torch.equal(own + incoming, below.grad)


def test_another_number_of_gates() -> None:
    with pytest.raises(ValueError, match='2 gates, but 1 levels of ByEdges'):
        TopDownTaps(ByEdges(), [None, None])
