"""A small ResNet without a stem: its first basic block sees the image."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import basic_stage, check_image


@MODELS.register_module()
class StemlessResNet(BaseModule):
    """Stages of mmseg's basic blocks; the first stage keeps the image's resolution, each further one halves it.

    Source: the encoder of L2SKNet's FPN forms (fengyiwu98/L2SKNet, ``model/L2SKNet/L2SKNet.py``).

    Args:
        in_channels: Channels of the image; a gray image is repeated for more than one.
        channels: Channels of the stages, finest first.
        num_blocks: Basic blocks of each stage.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization; PyTorch's own by default.

    Raises:
        ValueError: If ``channels`` and ``num_blocks`` differ in length, and in ``forward`` for a wrong channel count
            or image size.
    """

    def __init__(
        self,
        in_channels: int = 1,
        channels: Sequence[int] = (16, 32, 64, 128),
        num_blocks: Sequence[int] = (2, 2, 2, 2),
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | Sequence[dict] | None = dict(type='mmirstd.PyTorchInit', within='StemlessResNet'),
    ) -> None:
        super().__init__(init_cfg)
        if len(channels) != len(num_blocks):
            raise ValueError(f'StemlessResNet: channels {channels} and num_blocks {num_blocks} differ in length')
        self.in_channels = in_channels
        self.stages = nn.ModuleList(
            basic_stage(before, after, blocks, 2 if i else 1, norm_cfg)
            for i, (before, after, blocks) in enumerate(zip([in_channels, *channels[:-1]], channels, num_blocks))
        )

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Image (B, 1 or in_channels, H, W) -> features, finest first, level ``i`` at stride ``2**i``."""
        x = check_image(self, image, self.in_channels, 2 ** (len(self.stages) - 1))
        outs = []
        for stage in self.stages:
            x = stage(x)
            outs.append(x)
        return tuple(outs)
