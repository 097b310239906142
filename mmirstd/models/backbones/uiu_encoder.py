"""UIU-Net's encoder of residual U-blocks."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import ResidualUBlock, check_image


@MODELS.register_module()
class UIUEncoder(BaseModule):
    """U-Nets in the encoder of a U-Net: one :class:`~mmirstd.models.layers.ResidualUBlock` a stage, pooled between.

    Source: UIU-Net (Wu et al., IEEE TIP 2023), figure 2; equal to ``stage1`` to ``stage6`` of the official code
    (danfenghong/IEEE_TIP_UIU-Net, ``model/uiunet.py``).

    Args:
        in_channels: Channels of the first stage's input; a one-channel image is repeated if there are more.
        channels: Output channels of the stages, finest first.
        mid_channels: Channels within the stages' blocks.
        depths: Depths of the stages' blocks; a negative one is dilated instead of pooled.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization; by default PyTorch's own, as in the official code. None: that of mmcv's
            ``ConvModule`` (Kaiming, normal, fan out).

    Raises:
        ValueError: If the lists differ in length, and in ``forward`` for a wrong channel count or image size.
    """

    def __init__(
        self,
        in_channels: int = 1,
        channels: Sequence[int] = (64, 128, 256, 512, 512, 512),
        mid_channels: Sequence[int] = (32, 32, 64, 128, 256, 256),
        depths: Sequence[int] = (7, 6, 5, 4, -4, -4),
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | list | None = dict(type='mmirstd.PyTorchInit', within='UIUEncoder'),
    ) -> None:
        super().__init__(init_cfg)
        if not len(channels) == len(mid_channels) == len(depths):
            raise ValueError(
                'UIUEncoder: channels, mid_channels and depths must be equally long, got '
                f'{channels}, {mid_channels} and {depths}'
            )
        self.in_channels = in_channels
        self.stages = nn.ModuleList(
            ResidualUBlock(before, mid, after, abs(depth), depth < 0, norm_cfg)
            for before, mid, after, depth in zip([in_channels, *channels[:-1]], mid_channels, channels, depths)
        )
        self.pool = nn.MaxPool2d(2, stride=2, ceil_mode=True)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Image (B, 1 or in_channels, H, W), any size -> features, finest first, level ``i`` at stride ``2**i``."""
        x = check_image(self, image, self.in_channels, divisor=1)
        outs = []
        for i, stage in enumerate(self.stages):
            x = stage(self.pool(x) if i else x)
            outs.append(x)
        return tuple(outs)
