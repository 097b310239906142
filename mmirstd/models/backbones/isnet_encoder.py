"""ISNet's encoder."""

from __future__ import annotations

from collections.abc import Sequence

from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from mmseg.models.backbones.resnet import BasicBlock
from mmseg.models.utils import ResLayer
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import check_image, gradient_magnitude


@MODELS.register_module()
class ISNetEncoder(BaseModule):
    """A small ResNet (mmseg's basic blocks) beside the image's gradient magnitude.

    The stem quarters the size: batch norm of the image, three 3x3 convolutions (the first with stride 2), 3x3 max
    pool.

    Source: ISNet (Zhang et al., CVPR 2022), in BasicIRSTD's form (``model/ISNet/model_ISNet.py``).

    Args:
        in_channels: Channels of the stem's input; a one-channel image is repeated if there are more.
        stem_channels: Channels of the stem's first two convolutions; the third has twice as many.
        channels: Channels of the stages.
        num_blocks: Blocks of the stages.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization; by default PyTorch's own, as in the official code.

    Raises:
        ValueError: In ``forward`` for a wrong channel count or image size.
    """

    def __init__(
        self,
        in_channels: int = 1,
        stem_channels: int = 8,
        channels: Sequence[int] = (16, 32, 64),
        num_blocks: Sequence[int] = (4, 4, 4),
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | Sequence[dict] | None = dict(type='mmirstd.PyTorchInit', within='ISNetEncoder'),
    ) -> None:
        super().__init__(init_cfg)
        self.in_channels = in_channels
        self.standardise = nn.BatchNorm2d(in_channels)
        self.stem = nn.Sequential(
            ConvModule(in_channels, stem_channels, 3, stride=2, padding=1, norm_cfg=norm_cfg),
            ConvModule(stem_channels, stem_channels, 3, padding=1, norm_cfg=norm_cfg),
            ConvModule(stem_channels, 2 * stem_channels, 3, padding=1, norm_cfg=norm_cfg),
        )
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.stages = nn.ModuleList(
            ResLayer(BasicBlock, before, after, blocks, stride=2 if i else 1, norm_cfg=norm_cfg)
            for i, (before, after, blocks) in enumerate(zip([2 * stem_channels, *channels[:-1]], channels, num_blocks))
        )

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Run the network.

        Args:
            image: Shape (B, 1 or in_channels, H, W).

        Returns:
            Gradient magnitude of the image (B, 1, H, W), central differences not halved, and the stages' features at
            strides 4, 8 and 16.
        """
        x = check_image(self, image, self.in_channels, 2 ** (len(self.stages) + 1))
        gradient = ((2 * gradient_magnitude(x[:, :1])).square() + 1e-6).sqrt()
        x = self.pool(self.stem(self.standardise(x)))
        outs = [gradient]
        for stage in self.stages:
            x = stage(x)
            outs.append(x)
        return tuple(outs)
