"""Where a pyramid's levels feed the next finer ones: a view from outside, without rewriting the pyramid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

Gate = Callable[[Tensor, Tensor], 'tuple[Tensor, Tensor]']


class _Detour(torch.autograd.Function):
    """An alias of a tensor whose gradient is put aside instead of being added to the tensor's."""

    @staticmethod
    def forward(ctx: Any, level: Tensor, aside: list[Tensor]) -> Tensor:
        ctx.aside = aside
        return level.view_as(level)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        ctx.aside.append(gradient)
        # Zeros, not None: the tensor's own hook must run even where nothing else uses the tensor.
        return torch.zeros_like(gradient), None


class TopDownTaps:
    """Records the features of a pyramid's top-down path, level by level, and may gate the gradients that enter them.

    A level's feature has two kinds of users: the next finer level (the top-down edge) and the level's own output.
    The taps see the feature by hooks on the modules that pyramids of one family have in common:

    * ``mmirstd.CSPFPN``, or any with ``top_down_edges`` (a module for each edge, deepest first): the edges' inputs;
    * ``mmdet.YOLOXPAFPN``, ``CSPNeXtPAFPN``: the inputs of ``upsample``, and the last of ``top_down_blocks``;
    * ``mmdet.FPN``, ``PAFPN``, ``mmseg.FPN``: the inputs of ``fpn_convs`` (one for each lateral).

    Hooks exist only inside ``with taps:``; outside, the pyramid is as it was.

    Args:
        pyramid: The neck.
        gate: None, or a function of (a level's own gradient, the gradient that comes to it from the finer level), both
            (B, C, H, W), which returns the two as they shall be.

    Raises:
        ValueError: The pyramid is of no known family.

    Attributes:
        levels (list[Tensor]): The features of the last pass, finest first.
    """

    def __init__(self, pyramid: nn.Module, gate: Gate | None = None) -> None:
        self.pyramid = pyramid
        self.gate = gate
        self.levels: list[Tensor] = []
        self._handles: list[Any] = []
        blocks = getattr(pyramid, 'top_down_blocks', None)
        if isinstance(getattr(pyramid, 'top_down_edges', None), nn.ModuleList) and blocks is not None:
            self._edges, self._own = list(pyramid.top_down_edges), []
        elif isinstance(getattr(pyramid, 'upsample', None), nn.Module) and blocks is not None:
            self._edges, self._own = [pyramid.upsample], []
        elif hasattr(pyramid, 'lateral_convs') and hasattr(pyramid, 'fpn_convs'):
            self._edges, self._own = [], list(pyramid.fpn_convs[: len(pyramid.lateral_convs)])
        else:
            raise ValueError(
                f'the top-down path of {type(pyramid).__name__} is not known.\n  expected: a pyramid like mmdet.FPN '
                '(lateral_convs, fpn_convs), mmdet.YOLOXPAFPN (upsample, top_down_blocks) or mmirstd.CSPFPN '
                '(top_down_edges, top_down_blocks)\n  cure: give your pyramid top_down_edges, a ModuleList of '
                'nn.Identity, one for each level that feeds a finer one, deepest first; or, of BPFPN, '
                "dgr=dict(form='feature', levels='output', isolate=False) or no dgr"
            )

    def __enter__(self) -> TopDownTaps:
        self.levels = []
        for module in self._edges:
            self._handles.append(module.register_forward_pre_hook(self._see_edge))
        if self._edges and len(self.pyramid.top_down_blocks):
            self._handles.append(self.pyramid.top_down_blocks[-1].register_forward_hook(self._see_finest))
        for module in self._own:
            self._handles.append(module.register_forward_pre_hook(self._see_own))
        return self

    def __exit__(self, *exc_info: object) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def _see_edge(self, module: nn.Module, args: tuple[Tensor]) -> tuple[Tensor] | None:
        level = args[0]
        self.levels.insert(0, level)  # deepest first in the pass
        return self._split(level, branch_is_own=False)

    def _see_own(self, module: nn.Module, args: tuple[Tensor]) -> tuple[Tensor] | None:
        level = args[0]
        self.levels.append(level)  # finest first in the pass
        # Nothing is finer than the first.
        return self._split(level, branch_is_own=True) if len(self.levels) > 1 else None

    def _see_finest(self, module: nn.Module, args: tuple, output: Tensor) -> None:
        self.levels.insert(0, output)

    def _split(self, level: Tensor, branch_is_own: bool) -> tuple[Tensor] | None:
        """Give one user an alias of the level, so that the two gradients arrive apart, and gate them.

        Neither is found as the difference from their sum: in bfloat16 a sum has three digits, of which a gradient a
        thousand times smaller than the other would leave nothing but rounding.
        """
        if self.gate is None or not level.requires_grad:
            return None
        aside: list[Tensor] = []
        alias = _Detour.apply(level, aside)

        def gated(rest: Tensor) -> Tensor:
            if not aside:  # the alias is in no loss's graph
                return rest
            part = aside.pop()
            own, incoming = self.gate(*((part, rest) if branch_is_own else (rest, part)))
            return own + incoming

        level.register_hook(gated)
        return (alias,)
