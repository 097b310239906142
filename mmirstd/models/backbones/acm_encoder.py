"""The encoder of ACM (arXiv 2009.14530)."""

from __future__ import annotations

from collections.abc import Sequence

from mmcv.cnn import ConvModule, build_norm_layer
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import KAIMING_FAN_OUT, basic_stage, check_image


@MODELS.register_module()
class ACMEncoder(BaseModule):
    """Small ResNet of ACM: a normalized image, a stem to stride 4, three stages of basic blocks.

    Source: ACM, arXiv 2009.14530, section 4; equal to Tianfang-Zhang/acm-pytorch and to XinyiYing/BasicIRSTD
    (``model/ACM``), which differ in depth, input channels and momentum of the norms.

    Args:
        in_channels: Channels of the image; a gray image is repeated for more than one.  The norm before the first
            convolution has weights for each, so three channels cannot be folded into one.
        stem_channels: Channels of the stem's first two convolutions; the last has ``channels[0]``.
        channels: Channels of the stages, at strides 4, 8 and 16.
        num_blocks: Basic blocks of each stage.
        norm_cfg: Norm layer config.
        block_norm_cfg: Another one inside the basic blocks.
        init_cfg: mmengine initialization.
    """

    def __init__(
        self,
        in_channels: int = 1,
        stem_channels: int = 8,
        channels: Sequence[int] = (16, 32, 64),
        num_blocks: Sequence[int] = (4, 4, 4),
        norm_cfg: dict = dict(type='BN'),
        block_norm_cfg: dict | None = None,
        init_cfg: dict | Sequence[dict] | None = KAIMING_FAN_OUT,
    ) -> None:
        super().__init__(list(init_cfg) if isinstance(init_cfg, tuple) else init_cfg)
        self.in_channels = in_channels
        self.out_channels = list(channels)
        self.stem = nn.Sequential(
            build_norm_layer(norm_cfg, in_channels)[1],
            ConvModule(in_channels, stem_channels, 3, stride=2, padding=1, norm_cfg=norm_cfg),
            ConvModule(stem_channels, stem_channels, 3, padding=1, norm_cfg=norm_cfg),
            ConvModule(stem_channels, self.out_channels[0], 3, padding=1, norm_cfg=norm_cfg),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        self.stages = nn.ModuleList(
            basic_stage(previous, width, blocks, 2 if i else 1, block_norm_cfg or norm_cfg, norm_cfg)
            for i, (previous, width, blocks) in enumerate(
                zip([self.out_channels[0], *self.out_channels], self.out_channels, num_blocks)
            )
        )

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Encode an image.

        Args:
            image: Shape (B, 1 or in_channels, H, W); H and W divisible by the last stride (16).

        Returns:
            A feature for each stage, finest first; level ``i``: (B, channels[i], H / 2**(i+2), W / 2**(i+2)).
        """
        x = self.stem(check_image(self, image, self.in_channels, 2 ** (len(self.stages) + 1)))
        outs = []
        for stage in self.stages:
            x = stage(x)
            outs.append(x)
        return tuple(outs)
