"""GGL-Net's dual-branch encoder (arXiv 2512.09497)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule, Sequential
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import KAIMING_FAN_OUT, SqueezeExcitation, biased_conv, gradient_magnitude, gradient_pyramid
from .residual_encoder import ResidualEncoder


class GradientSupplement(BaseModule):
    """Gradient supplementary module (GSM): puts raw gradients into a stage's feature (GGL-Net, GSM).

    The gradient image goes through the G_Block (conv3x3-BN-ReLU-SE-conv3x3-BN-ReLU), is concatenated with the
    feature, and conv3x3-BN-ReLU-SE-conv3x3-BN of both is added to the feature, followed by ReLU.

    Args:
        gradient_channels: Channels of the gradient image.
        channels: Channels of the stage's feature.
        se_ratio: Reduction of the squeeze-and-excitations.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization.
    """

    def __init__(
        self,
        gradient_channels: int,
        channels: int,
        se_ratio: int = 4,
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.gradient = Sequential(
            biased_conv(gradient_channels, channels, 3, norm_cfg),
            SqueezeExcitation(channels, se_ratio),
            biased_conv(channels, channels, 3, norm_cfg),
        )
        self.fuse = Sequential(
            biased_conv(2 * channels, channels, 3, norm_cfg),
            SqueezeExcitation(channels, se_ratio),
            biased_conv(channels, channels, 3, norm_cfg, act_cfg=None),
        )
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor, gradient: Tensor) -> Tensor:
        """Feature (B, C, H, W) and gradient image (B, G, H, W) -> (B, C, H, W)."""
        return self.act(x + self.fuse(torch.cat([x, self.gradient(gradient)], dim=1)))


@MODELS.register_module()
class GGLEncoder(ResidualEncoder):
    """Encoder of GGL-Net: a residual SE branch guided by the gradient magnitude image.

    Stage ``i`` has ``base_channels * 2**i`` channels, at most ``max_channels``, at stride ``2**i``: an entry residual
    block (stage 0: plain; later stages: max-pool body with a stride-2 convolutional shortcut), two SE residual blocks
    and, with ``gradient='gsm'``, a :class:`GradientSupplement` fed with the gradient image max-pooled to the stage's
    size.

    Source: GGL-Net, arXiv 2512.09497, section "dual-branch feature extraction"; equal to the official code
    (YuChuang1205/MSDA-Net, ``model/GGL_Net/GGL.py``) with ``in_channels=3``.  The forms without GSM exist for the
    ablation chain; how the paper feeds the gradient image without GSM is not written there, so
    ``gradient='concat'`` (one more input channel) is OUR READING.

    Args:
        in_channels: Channels of the stem.  1 is the default; 3 is the official form, whose three channels are
            the repeated gray image, so both forms can hold the same function (the converter folds 3 into 1).
            A one-channel image given to a stem with more channels is repeated.
        base_channels: Channels of the first stage; must be divisible by ``se_ratio``.
        num_stages: Number of stages; the image's height and width must be divisible by ``2**(num_stages - 1)``.
        gradient: ``'gsm'`` (GGL-Net), ``'concat'`` (gradient image beside the image at the input) or ``None``.
        se_ratio: Reduction of the squeeze-and-excitations.
        norm_cfg: Norm layer config.
        norm_eval: Keep the norm layers in evaluation mode while training.
        init_cfg: mmengine initialization; by default Kaiming (fan out) for convolutions as in the official code.
        max_channels: No stage has more channels than this; must be divisible by ``se_ratio``.  None: they double to the
            last stage, as in the paper, which then holds three quarters of all weights.

    Raises:
        ValueError: For an unknown ``gradient``, and in ``forward`` for a wrong channel count or image size.
    """

    def __init__(
        self,
        in_channels: int = 1,
        base_channels: int = 16,
        num_stages: int = 5,
        gradient: str | None = 'gsm',
        se_ratio: int = 4,
        norm_cfg: dict = dict(type='BN'),
        norm_eval: bool = False,
        init_cfg: dict | Sequence[dict] | None = KAIMING_FAN_OUT,
        max_channels: int | None = None,
    ) -> None:
        if gradient not in ('gsm', 'concat', None):
            raise ValueError(f"GGLEncoder: gradient must be 'gsm', 'concat' or None, got {gradient!r}")
        self.gradient = gradient
        super().__init__(
            in_channels,
            [min(base_channels * 2**i, max_channels or base_channels * 2**i) for i in range(num_stages)],
            se_ratio=se_ratio,
            norm_cfg=norm_cfg,
            norm_eval=norm_eval,
            init_cfg=init_cfg,
        )
        self.gsms = nn.ModuleList(
            GradientSupplement(in_channels, channels, se_ratio, norm_cfg)
            for channels in (self.out_channels if gradient == 'gsm' else [])
        )

    @property
    def stem_in_channels(self) -> int:
        """Channels that the stem sees."""
        return self.in_channels * 2 if self.gradient == 'concat' else self.in_channels

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Encode an image.

        Args:
            image: Shape (B, 1 or in_channels, H, W), about [0, 1].

        Returns:
            ``num_stages`` features, finest first; level ``i``: (B, out_channels[i], H / 2**i, W / 2**i).
        """
        image = self.check(image)
        gradients = gradient_pyramid(image, self.num_stages) if self.gradient == 'gsm' else []
        if self.gradient == 'concat':
            image = torch.cat([image, gradient_magnitude(image)], dim=1)
        x = self.stem(image)
        outs = []
        for i, stage in enumerate(self.stages):
            x = stage(x)
            if gradients:
                x = self.gsms[i](x, gradients[i])
            outs.append(x)
        return tuple(outs)
