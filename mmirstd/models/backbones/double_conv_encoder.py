"""The encoder of U-Net alone, for networks that put something between it and the decoder."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import biased_conv, check_image


@MODELS.register_module()
class DoubleConvEncoder(BaseModule):
    """Two conv3x3-BN-ReLU a stage, a 2x2 max pool between the stages.

    mmseg's ``UNet`` has this encoder, too, but its decoder takes the features before a neck could.
    Source: the encoder of L2SKNet's U-Net forms (fengyiwu98/L2SKNet, ``model/L2SKNet/L2SKNet.py``).

    Args:
        in_channels: Channels of the image; a gray image is repeated for more than one.
        channels: Channels of the stages, finest first.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization; PyTorch's own by default.
    """

    def __init__(
        self,
        in_channels: int = 1,
        channels: Sequence[int] = (16, 32, 64, 128),
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | Sequence[dict] | None = dict(type='mmirstd.PyTorchInit', within='DoubleConvEncoder'),
    ) -> None:
        super().__init__(init_cfg)
        self.in_channels = in_channels
        self.pool = nn.MaxPool2d(2, 2)
        self.stages = nn.ModuleList(
            nn.Sequential(biased_conv(before, after, 3, norm_cfg), biased_conv(after, after, 3, norm_cfg))
            for before, after in zip([in_channels, *channels[:-1]], channels)
        )

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Image (B, 1 or in_channels, H, W) -> features, finest first, level ``i`` at stride ``2**i``.

        Raises:
            ValueError: For a wrong channel count or image size.
        """
        x = check_image(self, image, self.in_channels, 2 ** (len(self.stages) - 1))
        outs = []
        for i, stage in enumerate(self.stages):
            x = stage(self.pool(x) if i else x)
            outs.append(x)
        return tuple(outs)
