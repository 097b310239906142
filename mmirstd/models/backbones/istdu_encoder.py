"""ISTDU-Net's encoder of split-attention bottlenecks."""

from __future__ import annotations

from collections.abc import Sequence

from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from mmseg.models.backbones.resnest import Bottleneck
from mmseg.models.utils import ResLayer
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import KAIMING_FAN_OUT, check_image

# The official code's: Kaiming (fan out) in the stages, but for their biases; PyTorch's own in the stem.
INIT_CFG = (
    *KAIMING_FAN_OUT,
    dict(type='mmirstd.PyTorchInit', within='ISTDUEncoder', without='ResLayer'),
    dict(type='mmirstd.PyTorchInit', within='ResLayer', weights=False),
)


@MODELS.register_module()
class ISTDUEncoder(BaseModule):
    """Four stages of ResNeSt bottlenecks (mmseg's) behind a stem at full resolution.

    The image passes a batch norm without learned parameters first, so its range does not matter.  Stage ``i`` has
    ``4 * planes[i]`` channels at stride ``2**i``.

    Source: ISTDU-Net (Hou et al., IEEE GRSL 2022), in BasicIRSTD's form (XinyiYing/BasicIRSTD,
    ``model/ISTDUNet/model_ISTDUNet.py``, ``Down``).

    Args:
        in_channels: Channels of the stem's input; a one-channel image is repeated if there are more.
        stem_channels: Channels of the stem.
        planes: Middle channels of the stages' bottlenecks, finest first.
        num_blocks: Bottlenecks of the stages.
        groups: Groups of the split-attention convolutions.
        base_width: Width of a group for 64 planes.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization; the official code's by default.

    Raises:
        ValueError: If ``planes`` and ``num_blocks`` differ in length, and in ``forward`` for a wrong channel count or
            image size.
    """

    def __init__(
        self,
        in_channels: int = 1,
        stem_channels: int = 16,
        planes: Sequence[int] = (16, 32, 64, 128),
        num_blocks: Sequence[int] = (1, 2, 4, 8),
        groups: int = 4,
        base_width: int = 16,
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | Sequence[dict] | None = INIT_CFG,
    ) -> None:
        super().__init__(list(init_cfg) if isinstance(init_cfg, tuple) else init_cfg)
        if len(planes) != len(num_blocks):
            raise ValueError(f'ISTDUEncoder: planes {planes} and num_blocks {num_blocks} differ in length')
        self.in_channels = in_channels
        self.standardise = nn.BatchNorm2d(in_channels, affine=False)
        self.stem = ConvModule(in_channels, stem_channels, 3, padding=1, norm_cfg=norm_cfg)
        before = [stem_channels, *(Bottleneck.expansion * p for p in planes[:-1])]
        self.stages = nn.ModuleList(
            ResLayer(
                block=Bottleneck,
                inplanes=channels,
                planes=p,
                num_blocks=blocks,
                stride=2 if i else 1,
                avg_down=True,
                norm_cfg=norm_cfg,
                groups=groups,
                base_width=base_width,
            )
            for i, (channels, p, blocks) in enumerate(zip(before, planes, num_blocks))
        )

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Image (B, 1 or in_channels, H, W) -> features, finest first, level ``i`` at stride ``2**i``."""
        x = check_image(self, image, self.in_channels, 2 ** (len(self.stages) - 1))
        x = self.stem(self.standardise(x))
        outs = []
        for stage in self.stages:
            x = stage(x)
            outs.append(x)
        return tuple(outs)
