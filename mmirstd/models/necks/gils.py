"""Gradient-isolated low-level shortcut."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule, kaiming_init
from torch import Tensor, nn
from torch.nn import functional as F

DOWN_KINDS = ('space_to_depth', 'conv', 'max', 'avg')
FUSE_KINDS = ('add', 'concat', 'gated')


class Downsample(BaseModule):
    """Brings the low level to the next level's size.

    Args:
        in_channels: Channels in.
        kind: ``'space_to_depth'`` (every value kept, in ``factor**2`` times the channels), ``'conv'`` (strided
            convolution, batch norm, activation), ``'max'`` or ``'avg'``.
        factor: Ratio of the two levels' strides, a power of two.
        stepwise: Several steps of factor 2, with a 1x1 convolution back to ``in_channels`` after each space-to-depth
            but the last, instead of one step of ``factor``.
        norm_cfg: Norm layer of the convolutions.
        act_cfg: Activation of the convolutions.
    """

    def __init__(
        self,
        in_channels: int,
        kind: str = 'space_to_depth',
        factor: int = 2,
        stepwise: bool = False,
        norm_cfg: dict | None = dict(type='BN'),
        act_cfg: dict | None = dict(type='ReLU'),
    ) -> None:
        super().__init__()
        if kind not in DOWN_KINDS:
            raise ValueError(f'GILS: down={kind!r}; expected one of {", ".join(DOWN_KINDS)}')
        if factor < 2 or factor & (factor - 1):
            raise ValueError(f"GILS: factor={factor}; expected a power of two, the ratio of the two levels' strides")
        self.factor = factor
        steps = factor.bit_length() - 1 if stepwise else 1
        size = 2 if stepwise else factor
        layers: list[nn.Module] = []
        for step in range(steps):
            if kind == 'conv':
                layers.append(
                    ConvModule(
                        in_channels,
                        in_channels,
                        size + 1,
                        stride=size,
                        padding=size // 2,
                        norm_cfg=norm_cfg,
                        act_cfg=act_cfg,
                    )
                )
            elif kind == 'space_to_depth':
                layers.append(nn.PixelUnshuffle(size))
                if step < steps - 1:
                    layers.append(ConvModule(in_channels * size**2, in_channels, 1, norm_cfg=norm_cfg, act_cfg=act_cfg))
            else:
                layers.append(nn.MaxPool2d(size) if kind == 'max' else nn.AvgPool2d(size))
        self.layers = nn.Sequential(*layers)
        self.out_channels = in_channels * size**2 if kind == 'space_to_depth' else in_channels

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, out_channels, ceil(H / factor), ceil(W / factor)); the last rows are repeated to fit."""
        height, width = x.shape[2:]
        pad = (-width % self.factor, -height % self.factor)
        if any(pad):
            x = F.pad(x, (0, pad[0], 0, pad[1]), mode='replicate')
        return self.layers(x)


class GILS(BaseModule):
    """Brings the details of a fine backbone level into the next level without giving it gradients by that way.

    ``y = x + scale * fuse(x, s)``,  ``s = proj(down(stop_gradient(low)))``.

    With ``isolate`` the gradient that reaches the low level and all below it is exactly what it is without the
    shortcut, so the early layers cannot be trained by the short way (shortcut learning); ``proj`` itself learns.
    OUR READING of BP-FPN's gradient-isolated low-level shortcut (arXiv 2511.13013, of which only the abstract and
    overview were available).

    Args:
        low_channels: Channels of the low level.
        channels: Channels of the level that receives the shortcut.
        isolate: Stop the gradient into the low level.  False: a conventional shortcut, for comparison.
        down: See :class:`Downsample`.
        factor: See :class:`Downsample`.
        stepwise: See :class:`Downsample`.
        fuse: ``'add'``: s; ``'concat'``: a 1x1 convolution of x beside s; ``'gated'``: s times a gate in (0, 1) at
            each channel and place, the sigmoid of a 1x1 convolution of x beside s.
        zero_init: Start with ``scale`` (one factor a channel) at 0: the network's function is at first exactly that
            of the base network, in any precision, and ``scale`` opens the shortcut as it learns (ReZero, arXiv
            2003.04887).  False: start at 1.
        norm_cfg: Norm layer of ``proj``, and of ``down`` where it has convolutions.
        act_cfg: Their activation.
        init_cfg: mmengine initialization; None: Kaiming's, in the constructor.

    Raises:
        ValueError: An unknown kind or a bad factor.
    """

    def __init__(
        self,
        low_channels: int,
        channels: int,
        isolate: bool = True,
        down: str = 'space_to_depth',
        factor: int = 2,
        stepwise: bool = False,
        fuse: str = 'add',
        zero_init: bool = True,
        norm_cfg: dict | None = dict(type='BN'),
        act_cfg: dict | None = dict(type='ReLU'),
        init_cfg: dict | Sequence[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if fuse not in FUSE_KINDS:
            raise ValueError(f'GILS: fuse={fuse!r}; expected one of {", ".join(FUSE_KINDS)}')
        self.low_channels = low_channels
        self.channels = channels
        self.isolate = isolate
        self.kind = fuse
        self.down = Downsample(low_channels, down, factor, stepwise, norm_cfg, act_cfg)
        self.proj = ConvModule(self.down.out_channels, channels, 1, norm_cfg=norm_cfg, act_cfg=act_cfg)
        self.fuse = None if fuse == 'add' else nn.Conv2d(2 * channels, channels, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                kaiming_init(module, nonlinearity='relu')
        self.scale = nn.Parameter(torch.full((channels,), 0.0 if zero_init else 1.0))

    def init_weights(self) -> None:
        """Initialize with random numbers of its own, so that the modules that follow draw as they do without GILS."""
        device = self.scale.device
        with torch.random.fork_rng(devices=[device] if device.type == 'cuda' else []):
            super().init_weights()

    def shortcut(self, low: Tensor) -> Tensor:
        """(B, low_channels, H, W) -> s, (B, channels, H / factor, W / factor), sizes rounded up."""
        return self.proj(self.down(low.detach() if self.isolate else low))

    def forward(self, low: Tensor, x: Tensor) -> Tensor:
        """Add the shortcut.

        Args:
            low: The low level, (B, low_channels, H, W).
            x: The level that receives it, (B, channels, h, w), h = H / factor.

        Returns:
            Of x's shape.

        Raises:
            ValueError: Channels or sizes do not fit.
        """
        if low.shape[1] != self.low_channels or x.shape[1] != self.channels:
            raise ValueError(
                f'GILS was built for a low level of {self.low_channels} channels and a next one of {self.channels}, '
                f'got {tuple(low.shape)} and {tuple(x.shape)}\n  cure: gils=dict(in_channels={low.shape[1]}) is the '
                'number of channels of the finer backbone level'
            )
        short = self.shortcut(low)
        height, width = x.shape[2:]
        # A backbone that rounds sizes down has one row less.
        if not (0 <= short.shape[2] - height <= 1 and 0 <= short.shape[3] - width <= 1):
            raise ValueError(
                f'GILS: the low level of {tuple(low.shape[2:])} was brought to {tuple(short.shape[2:])}, but the next '
                f'one has {(height, width)}\n  cure: gils=dict(factor=...), now {self.down.factor}, is the ratio of '
                'their strides'
            )
        short = short[:, :, :height, :width]
        if self.fuse is not None:
            mixed = self.fuse(torch.cat([x, short], dim=1))
            short = mixed if self.kind == 'concat' else short * mixed.sigmoid()
        return x + self.scale[:, None, None] * short
