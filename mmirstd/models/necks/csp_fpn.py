"""Top-down feature pyramid of CSP layers, any subset of its levels out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmcv.cnn import ConvModule
from mmdet.models.layers import CSPLayer
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn import functional as F

from mmirstd.registry import MODELS


@MODELS.register_module()
class CSPFPN(BaseModule):
    """The top-down half of YOLOX's pyramid, which SSTNet uses with its finest level alone.

    From the deepest level to the finest: a 1x1 convolution reduces the level to the channels of the next finer one,
    it is upsampled (nearest), concatenated before the backbone's feature and fused by a CSP layer.  Parameters are
    named as in ``mmdet.YOLOXPAFPN`` (``reduce_layers``, ``top_down_blocks``), so that half of its weights loads here.

    Level ``i`` out has the stride of input ``i``.  Its channels are ``out_channels`` where that is given, otherwise
    ``in_channels[i]``, except for the deepest level, which is the reduced one with ``in_channels[-2]``.  Blocks that no
    level in ``out_levels`` needs are not built.

    Args:
        in_channels: Channels of the backbone's levels, finest first; at least two.
        out_levels: Indices into ``in_channels`` of the levels to return, ascending.  (0,): the finest, as in SSTNet.
        out_channels: None, or the channels to which a 1x1 convolution brings every level returned (for a head that
            is shared by levels).
        num_csp_blocks: Bottlenecks of a CSP layer (YOLOX: ``round(3 * deepen_factor)``).
        use_depthwise: Depthwise separable convolutions in the CSP layers.
        conv_cfg: mmcv's convolution config.
        norm_cfg: Norm layer; YOLOX's and SSTNet's eps 1e-3 and momentum 0.03 by default.
        act_cfg: Activation.
        init_cfg: mmengine initialization; YOLOX's by default.

    Raises:
        ValueError: Fewer than two levels, or ``out_levels`` that is empty, not ascending or out of range.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        out_levels: Sequence[int] = (0,),
        out_channels: int | None = None,
        num_csp_blocks: int = 1,
        use_depthwise: bool = False,
        conv_cfg: dict | None = None,
        norm_cfg: dict = dict(type='BN', momentum=0.03, eps=0.001),
        act_cfg: dict = dict(type='SiLU', inplace=False),
        init_cfg: dict | Sequence[dict] | None = dict(
            type='Kaiming', layer='Conv2d', a=5**0.5, distribution='uniform', mode='fan_in', nonlinearity='leaky_relu'
        ),
    ) -> None:
        super().__init__(init_cfg)
        self.in_channels = list(in_channels)
        self.out_levels = list(out_levels)
        self.out_channels = out_channels
        deepest = len(self.in_channels) - 1
        if deepest < 1:
            raise ValueError(f'CSPFPN: in_channels={self.in_channels}; expected two levels or more')
        if (
            not self.out_levels
            or self.out_levels != sorted(set(self.out_levels))
            or self.out_levels[0] < 0
            or self.out_levels[-1] > deepest
        ):
            raise ValueError(
                f'CSPFPN: out_levels={self.out_levels}; expected one or more ascending indices from 0 '
                f'(the finest level) to {deepest}'
            )
        layer_cfg = dict(conv_cfg=conv_cfg, norm_cfg=norm_cfg, act_cfg=act_cfg)
        self.reduce_layers = nn.ModuleList()
        self.top_down_blocks = nn.ModuleList()
        # Where a level enters the next finer one: these do nothing but mark the place for BP-FPN (TopDownTaps).
        self.top_down_edges = nn.ModuleList()
        stop = self.out_levels[0]
        for level in range(deepest, min(stop, deepest - 1), -1):
            self.reduce_layers.append(ConvModule(self.in_channels[level], self.in_channels[level - 1], 1, **layer_cfg))
        for level in range(deepest - 1, stop - 1, -1):
            self.top_down_edges.append(nn.Identity())
            self.top_down_blocks.append(
                CSPLayer(
                    2 * self.in_channels[level],
                    self.in_channels[level],
                    num_blocks=num_csp_blocks,
                    add_identity=False,
                    use_depthwise=use_depthwise,
                    **layer_cfg,
                )
            )
        self.out_convs = nn.ModuleList()
        if out_channels is not None:
            self.out_convs.extend(
                ConvModule(self._level_channels(level), out_channels, 1, **layer_cfg) for level in self.out_levels
            )

    def _level_channels(self, level: int) -> int:
        return self.in_channels[min(level, len(self.in_channels) - 2)]

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Fuse the levels.

        Args:
            inputs: Backbone features, finest first, level ``i`` of shape (B, in_channels[i], H_i, W_i).  Sizes need
                not be exact halves.

        Returns:
            The levels of ``out_levels``, finest first.

        Raises:
            ValueError: Not as many levels as ``in_channels`` has.
        """
        if len(inputs) != len(self.in_channels):
            raise ValueError(f'CSPFPN was built for {len(self.in_channels)} levels, got {len(inputs)}')
        level = len(inputs) - 1
        levels: dict[int, Tensor] = {}
        deep = levels[level] = self.reduce_layers[0](inputs[level])
        for step, (edge, block) in enumerate(zip(self.top_down_edges, self.top_down_blocks)):
            deep = edge(deep)
            if step:
                deep = self.reduce_layers[step](deep)
            level -= 1
            low = inputs[level]
            deep = F.interpolate(deep, size=low.shape[2:], mode='nearest')
            deep = levels[level] = block(torch.cat([deep, low], dim=1))
        outs = [levels[i] for i in self.out_levels]
        if self.out_convs:
            outs = [conv(out) for conv, out in zip(self.out_convs, outs)]
        return tuple(outs)
