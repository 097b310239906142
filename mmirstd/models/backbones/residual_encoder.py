"""The residual encoder of the GGL-Net family: full resolution first, halved by max pooling inside residual blocks."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.model import BaseModule, Sequential
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import KAIMING_FAN_OUT, ResidualBlock, biased_conv, check_image


@MODELS.register_module()
class ResidualEncoder(BaseModule):
    """Encoder of MLCL-Net and ALCL-Net, and the trunk of GGL-Net's and MSDA-Net's.

    Two conv3x3-BN-ReLU, then a stage for each entry of ``channels``: an entry residual block (the first stage's is
    plain; the others halve height and width) and further residual blocks.

    Source: MLCL-Net (Yu et al., Infrared Physics & Technology 2022) and ALCL-Net (Yu et al., IEEE GRSL 2022); equal to
    the official code (YuChuang1205/MSDA-Net, ``Stage`` in ``model/MLCL_Net`` and ``model/ALCL_Net``) with
    ``in_channels=3``.

    Args:
        in_channels: Channels of the image.  1 is the default; 3 is the official form, whose three channels are
            the repeated gray image, so both forms can hold the same function (the converter folds 3 into 1).
            A one-channel image given to a stem with more channels is repeated.
        channels: Channels of the stages.
        num_blocks: Residual blocks of a stage, the entry block included.
        se_ratio: Reduction of the squeeze-and-excitation in the blocks after the entry; None for none.
        norm_cfg: Norm layer config.
        norm_eval: Keep norm layers in evaluation mode (frozen statistics) while training.
        init_cfg: mmengine initialization; Kaiming (fan out) as in the official code.
    """

    def __init__(
        self,
        in_channels: int = 1,
        channels: Sequence[int] = (16, 32, 64, 128, 256),
        num_blocks: int = 3,
        se_ratio: int | None = None,
        norm_cfg: dict = dict(type='BN'),
        norm_eval: bool = False,
        init_cfg: dict | Sequence[dict] | None = KAIMING_FAN_OUT,
    ) -> None:
        super().__init__(list(init_cfg) if isinstance(init_cfg, tuple) else init_cfg)
        self.in_channels = in_channels
        self.out_channels = list(channels)
        self.num_stages = len(self.out_channels)
        self.num_blocks = num_blocks
        self.se_ratio = se_ratio
        self.norm_cfg = norm_cfg
        self.norm_eval = norm_eval
        first = self.out_channels[0]
        self.stem = Sequential(
            biased_conv(self.stem_in_channels, first, 3, norm_cfg), biased_conv(first, first, 3, norm_cfg)
        )
        self.stages = nn.ModuleList(
            self.build_stage(i, previous, width)
            for i, (previous, width) in enumerate(zip([first, *self.out_channels], self.out_channels))
        )

    @property
    def stem_in_channels(self) -> int:
        """Channels that the stem sees."""
        return self.in_channels

    def build_stage(self, index: int, in_channels: int, out_channels: int) -> nn.Module:
        """Stage ``index``; all but stage 0 halve height and width."""
        blocks = [ResidualBlock(in_channels, out_channels, downsample=index > 0, norm_cfg=self.norm_cfg)]
        for _ in range(self.num_blocks - 1):
            blocks.append(ResidualBlock(out_channels, out_channels, se_ratio=self.se_ratio, norm_cfg=self.norm_cfg))
        return Sequential(*blocks)

    def check(self, image: Tensor) -> Tensor:
        """The image with the channels that the network expects; see :func:`mmirstd.models.layers.check_image`."""
        return check_image(self, image, self.in_channels, 2 ** (self.num_stages - 1))

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Encode an image.

        Args:
            image: Shape (B, 1 or in_channels, H, W), about [0, 1]; H and W divisible by ``2**(num_stages - 1)``.

        Returns:
            A feature for each stage, finest first; level ``i``: (B, channels[i], H / 2**i, W / 2**i).
        """
        x = self.stem(self.check(image))
        outs = []
        for stage in self.stages:
            x = stage(x)
            outs.append(x)
        return tuple(outs)

    def train(self, mode: bool = True) -> ResidualEncoder:
        """Switch mode; norm layers stay in evaluation mode with ``norm_eval``."""
        super().train(mode)
        if mode and self.norm_eval:
            for module in self.modules():
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    module.eval()
        return self
