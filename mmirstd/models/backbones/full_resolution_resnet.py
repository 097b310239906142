"""ResNet whose stem keeps the image's resolution, for targets of a few pixels."""

from __future__ import annotations

from typing import Any

from mmseg.models.backbones import ResNet
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import KAIMING_FAN_OUT, check_image


@MODELS.register_module()
class FullResolutionResNet(ResNet):
    """mmseg's ResNet with a stride-1 7x7 stem and no max pool: level ``i`` has stride ``2**i`` instead of ``2**(i+2)``.

    The backbone of AGPCNet (arXiv 2111.03580; Tianfang-Zhang/AGPCNet, ``models/resnet.py``).  Parameters and names are
    those of ResNet, so ImageNet weights load with ``init_cfg=dict(type='Pretrained', ...)`` and ``in_channels=3``.

    Args:
        depth: 18, 34, ...
        in_channels: Channels of the image; a gray image is repeated for more than one.
        zero_init_residual: Start residual branches at zero; the official code does not.
        init_cfg: mmengine initialization; Kaiming (fan out) as in the official code.
        **kwargs: Further arguments of ``mmseg.ResNet`` (``out_indices``, ``norm_cfg``, ...).
    """

    def __init__(
        self,
        depth: int,
        in_channels: int = 1,
        zero_init_residual: bool = False,
        init_cfg: Any = KAIMING_FAN_OUT,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            depth,
            in_channels=in_channels,
            zero_init_residual=zero_init_residual,
            init_cfg=list(init_cfg) if isinstance(init_cfg, tuple) else init_cfg,
            **kwargs,
        )
        self.in_channels = in_channels
        self.conv1.stride = (1, 1)
        self.maxpool = nn.Identity()

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Encode an image.

        Args:
            image: Shape (B, 1 or in_channels, H, W); H and W divisible by the largest stride.

        Returns:
            The levels of ``out_indices``; level ``i``: (B, 64 * 2**i, H / 2**i, W / 2**i) for depths 18 and 34.
        """
        return super().forward(check_image(self, image, self.in_channels, 2 ** (self.num_stages - 1)))

    def train(self, mode: bool = True) -> FullResolutionResNet:
        """Switch mode; mmseg's own version returns None, so that ``network.eval()`` could not be used as a value."""
        super().train(mode)
        return self
