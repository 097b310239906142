"""Where a pyramid's levels feed the next finer ones: a view from outside, without rewriting the pyramid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .top_down import TopDownNeck

# (a level's own gradient, the one by the top-down path) -> the two as they shall be
Gate = Callable[[Tensor, Tensor], 'tuple[Tensor, Tensor]']
# (level, own gradient, the one by the top-down path, both again behind the gate)
Watch = Callable[[int, Tensor, Tensor, Tensor, Tensor], None]


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

    * ``mmirstd.CSPFPN``, or any with ``top_down_edges`` (a module for each edge, deepest first): the edges' inputs, and
      what the last of ``top_down_blocks`` gives, which is the finest level; without these it is not seen;
    * ``mmdet.YOLOXPAFPN``, ``CSPNeXtPAFPN``: the inputs of ``upsample``, and the last of ``top_down_blocks``;
    * ``mmirstd.TGFM``, ``UShapeNeck``, any ``TopDownNeck``: the deep inputs of ``fusions`` (finest first);
    * ``mmdet.FPN``, ``PAFPN``, ``mmseg.FPN``: the inputs of ``fpn_convs`` (one for each lateral).

    Hooks exist only inside ``with taps:``; outside, the pyramid is as it was.

    Args:
        pyramid: The neck.
        gates: For each level that feeds a finer one, level 1 (0 is the finest) first: None, or a function of (the
            level's own gradient, the gradient that comes to it from the finer level), both (B, C, H, W), which returns
            the two as they shall be. Empty: none anywhere.
        watch: Called in the backward pass for each of these levels with its number, the two gradients, and the two
            behind the gate.

    Raises:
        ValueError: The pyramid is of no known family, or has another number of such levels.

    Attributes:
        levels: The features of the last pass, finest first.
        num_edges: How many levels feed a finer one.
    """

    def __init__(self, pyramid: nn.Module, gates: Sequence[Gate | None] = (), watch: Watch | None = None) -> None:
        self.pyramid = pyramid
        self.watch = watch
        self.levels: list[Tensor] = []
        self._handles: list[Any] = []
        # What came from the deepest level's own users; an extra level of an FPN is one more of them.
        self._deepest: tuple[Tensor, list[Tensor]] | None = None
        self._own: list[nn.Module] = []
        self._extra: nn.Module | None = None
        self._finest: nn.Module | None = None
        parts: Any = pyramid
        blocks = getattr(pyramid, 'top_down_blocks', None)
        if isinstance(getattr(pyramid, 'top_down_edges', None), nn.ModuleList):
            self._edges = list(parts.top_down_edges)
            self.num_edges = len(self._edges)
            self._finest = blocks[-1] if blocks else None
        elif isinstance(getattr(pyramid, 'upsample', None), nn.Module) and blocks is not None:
            self._edges, self.num_edges, self._finest = [parts.upsample], len(blocks), blocks[-1]
        elif isinstance(pyramid, TopDownNeck):
            self._edges = list(pyramid.fusions)
            self.num_edges, self._finest = len(self._edges), self._edges[0]
        elif hasattr(pyramid, 'lateral_convs') and hasattr(pyramid, 'fpn_convs'):
            count = len(parts.lateral_convs)
            self._edges, self.num_edges = [], count - 1
            self._own = list(parts.fpn_convs[:count])
            if getattr(pyramid, 'add_extra_convs', False) == 'on_lateral' and len(parts.fpn_convs) > count:
                self._extra = parts.fpn_convs[count]
        else:
            raise ValueError(
                f'the top-down path of {type(pyramid).__name__} is not known.\n  expected: a pyramid like mmdet.FPN '
                '(lateral_convs, fpn_convs), mmdet.YOLOXPAFPN (upsample, top_down_blocks), mmirstd.TGFM (fusions) or '
                'mmirstd.CSPFPN (top_down_edges, top_down_blocks)\n  cure: give your pyramid top_down_edges, a '
                'ModuleList of nn.Identity, one for each level that feeds a finer one, deepest first; or, of BPFPN, '
                "dgr=dict(form='feature', levels='output', isolate=False) or no dgr"
            )
        if gates and len(gates) != self.num_edges:
            raise ValueError(
                f'{len(gates)} gates, but {self.num_edges} levels of {type(pyramid).__name__} feed a finer one'
            )
        self.gates = list(gates) or [None] * self.num_edges

    def __enter__(self) -> TopDownTaps:
        self.levels = []
        self._deepest = None
        for module in self._edges:
            self._handles.append(module.register_forward_pre_hook(self._see_edge))
        if self._finest is not None:
            self._handles.append(self._finest.register_forward_hook(self._see_finest))
        for module in self._own:
            self._handles.append(module.register_forward_pre_hook(self._see_own))
        if self._extra is not None:
            self._handles.append(self._extra.register_forward_pre_hook(self._see_extra))
        return self

    def __exit__(self, *exc_info: object) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self._deepest = None

    def _see_edge(self, module: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor, ...] | None:
        level, number = args[0], self.num_edges - len(self.levels)
        self.levels.insert(0, level)  # deepest first in the pass
        if not self._splits(level, number):
            return None
        aside: list[Tensor] = []
        self._join(level, number, aside, aside_is_own=False)
        return (_Detour.apply(level, aside), *args[1:])

    def _see_own(self, module: nn.Module, args: tuple[Tensor]) -> tuple[Tensor] | None:
        level, number = args[0], len(self.levels)
        self.levels.append(level)  # finest first in the pass
        if number == 0 or not self._splits(level, number):  # nothing is finer than the first
            return None
        aside: list[Tensor] = []
        if number == self.num_edges:
            self._deepest = level, aside
        self._join(level, number, aside, aside_is_own=True)
        return (_Detour.apply(level, aside),)

    def _see_extra(self, module: nn.Module, args: tuple[Tensor]) -> tuple[Tensor] | None:
        # The extra level is made from the deepest one: its gradient does not come by the top-down path.
        if self._deepest is None or args[0] is not self._deepest[0]:
            return None
        return (_Detour.apply(*self._deepest),)

    def _see_finest(self, module: nn.Module, args: tuple, output: Tensor) -> None:
        self.levels.insert(0, output)

    def _splits(self, level: Tensor, number: int) -> bool:
        return level.requires_grad and (self.gates[number - 1] is not None or self.watch is not None)

    def _join(self, level: Tensor, number: int, aside: list[Tensor], aside_is_own: bool) -> None:
        """Have a level's two gradients, which arrive apart, gated and added.

        One kind of user got aliases of the level, whose gradients are put aside.  Neither is found as the difference
        from their sum: in bfloat16 a sum has three digits, of which a gradient a thousand times smaller than the other
        would leave nothing but rounding.
        """
        gate, watch = self.gates[number - 1], self.watch

        def gated(rest: Tensor) -> Tensor:
            # No part: the alias is in no loss's graph.
            part = sum(aside[1:], aside[0]) if aside else torch.zeros_like(rest)
            aside.clear()
            arrived = (part, rest) if aside_is_own else (rest, part)
            own, incoming = arrived if gate is None else gate(*arrived)
            if watch is not None:
                watch(number, *arrived, own, incoming)
            return own + incoming

        level.register_hook(gated)
