"""The residual encoder of DNANet and MSHNet, and without attention that of ResUNet."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import KAIMING_FAN_OUT, cbam_residual_layer, check_image


@MODELS.register_module()
class CBAMResidualEncoder(BaseModule):
    """Stages of :class:`~mmirstd.models.layers.CBAMResidualBlock` with a 2x2 max pool between them.

    Source: DNANet, arXiv 2106.00487, the first column of its nested grid (``conv0_0`` to ``conv4_0`` in
    YeRen123455/Infrared-Small-Target-Detection, ``model/model_DNANet.py``); with a stem MSHNet, arXiv 2403.19366
    (Lliu666/MSHNet, ``model/MSHNet.py``); without attention and with leaky ReLU SCTransNet, arXiv 2401.15583.

    Args:
        in_channels: Channels of the image; a one-channel image is repeated if there are more.
        channels: Channels of the stages, finest first.
        num_blocks: Residual blocks of each stage.
        cbam_ratio: Reduction of the channel attention; None leaves the attention out.
        stem_channels: Channels of a 1x1 convolution before the first stage; None for no such stem.
        norm_cfg: Norm layer config.
        act_cfg: Activation config.
        init_cfg: mmengine initialization.
        pinwheel_sizes: None, or the sizes of two pinwheel-shaped convolutions that replace those of each block of the
            first stage (PConv, AAAI 2025).

    Raises:
        ValueError: If ``channels`` and ``num_blocks`` differ in length, and in ``forward`` for a wrong channel count
            or image size.
    """

    def __init__(
        self,
        in_channels: int = 1,
        channels: Sequence[int] = (16, 32, 64, 128, 256),
        num_blocks: Sequence[int] = (1, 2, 2, 2, 2),
        cbam_ratio: int | None = 16,
        stem_channels: int | None = None,
        norm_cfg: dict = dict(type='BN'),
        act_cfg: dict = dict(type='ReLU'),
        init_cfg: dict | Sequence[dict] | None = KAIMING_FAN_OUT,
        pinwheel_sizes: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(list(init_cfg) if isinstance(init_cfg, tuple) else init_cfg)
        if len(channels) != len(num_blocks):
            raise ValueError(f'CBAMResidualEncoder: channels {channels} and num_blocks {num_blocks} differ in length')
        self.in_channels = in_channels
        self.cbam_ratio = cbam_ratio
        self.norm_cfg = norm_cfg
        self.act_cfg = act_cfg
        self.pinwheel_sizes = pinwheel_sizes
        self.stem = nn.Identity() if stem_channels is None else nn.Conv2d(in_channels, stem_channels, 1)
        self.pool = nn.MaxPool2d(2, 2)
        self.stages = nn.ModuleList(
            self.build_stage(before, after, blocks, i)
            for i, (before, after, blocks) in enumerate(
                zip([stem_channels or in_channels, *channels[:-1]], channels, num_blocks)
            )
        )

    def build_stage(self, in_channels: int, out_channels: int, num_blocks: int, index: int) -> nn.Module:
        """Stage ``index``; size kept."""
        pinwheel_sizes = None if index else self.pinwheel_sizes
        return cbam_residual_layer(
            in_channels, out_channels, num_blocks, self.cbam_ratio, self.norm_cfg, self.act_cfg, pinwheel_sizes
        )

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Image (B, 1 or in_channels, H, W) -> features, finest first, level ``i`` at stride ``2**i``."""
        x = self.stem(check_image(self, image, self.in_channels, 2 ** (len(self.stages) - 1)))
        outs = []
        for i, stage in enumerate(self.stages):
            x = stage(self.pool(x) if i else x)
            outs.append(x)
        return tuple(outs)
