"""ACM's decoders, FPN-like and U-Net-like, and that of BasicIRSTD's ALCNet."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.model import BaseModule
from mmseg.models.utils import resize
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import KAIMING_FAN_OUT, AsymmetricModulation, basic_stage

# The gates of the paper's table: its ACM, and the two ablations with gates alike.
_GATES = {'asymmetric': (True, False), 'local': (False, False), 'global': (True, True)}


@MODELS.register_module()
class ACMNeck(BaseModule):
    """Top-down path of asymmetric contextual modulations.

    From deep to shallow: the deep level is upsampled and fused with the shallow one by
    :class:`~mmirstd.models.layers.AsymmetricModulation`, after which basic blocks may follow.

    Source: ACM, arXiv 2009.14530, section 4 (ACM-FPN: bilinear, no blocks; ACM-U-Net: transposed convolution, blocks);
    equal to Tianfang-Zhang/acm-pytorch and XinyiYing/BasicIRSTD.

    Args:
        in_channels: Channels of the levels, finest first.
        upsample: ``'bilinear'`` or ``'deconv'`` (transposed 4x4 convolution to the shallow level's channels).
        project: Whether the modulation projects the deep level first; needed with ``'bilinear'``.
        num_blocks: Basic blocks after each fusion, finest first; None for none.
        modulation: ``'asymmetric'``, or ``'local'`` or ``'global'`` for both gates.
        finer_channels: Channels of a level twice as fine as the finest, by a transposed convolution and without a
            shallow feature (ALCNet in BasicIRSTD); None for none.
        norm_cfg: Norm layer config.
        block_norm_cfg: Another one inside the basic blocks.
        init_cfg: mmengine initialization.

    Raises:
        ValueError: For an unknown ``upsample`` or ``modulation``.
    """

    def __init__(
        self,
        in_channels: Sequence[int] = (16, 32, 64),
        upsample: str = 'bilinear',
        project: bool = True,
        num_blocks: Sequence[int] | None = None,
        modulation: str = 'asymmetric',
        finer_channels: int | None = None,
        norm_cfg: dict = dict(type='BN'),
        block_norm_cfg: dict | None = None,
        init_cfg: dict | Sequence[dict] | None = KAIMING_FAN_OUT,
    ) -> None:
        super().__init__(list(init_cfg) if isinstance(init_cfg, tuple) else init_cfg)
        if upsample not in ('bilinear', 'deconv'):
            raise ValueError(f"ACMNeck: upsample must be 'bilinear' or 'deconv', got {upsample!r}")
        if modulation not in _GATES:
            raise ValueError(f'ACMNeck: modulation must be one of {sorted(_GATES)}, got {modulation!r}')
        self.in_channels = list(in_channels)
        pairs = list(zip(self.in_channels[:-1], self.in_channels[1:]))
        deconv = upsample == 'deconv'
        self.deconvs = nn.ModuleList(_double(high, low) for low, high in pairs) if deconv else None
        global_top_down, global_bottom_up = _GATES[modulation]
        self.fusions = nn.ModuleList(
            AsymmetricModulation(low if deconv else high, low, 4, project, global_top_down, global_bottom_up, norm_cfg)
            for low, high in pairs
        )
        self.blocks = (
            nn.ModuleList(
                basic_stage(low, low, blocks, norm_cfg=block_norm_cfg or norm_cfg)
                for (low, _), blocks in zip(pairs, num_blocks)
            )
            if num_blocks
            else None
        )
        self.finer = None if finer_channels is None else _double(self.in_channels[0], finer_channels)

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Fuse the levels.

        Args:
            inputs: Features, finest first, each half as large as the one before.

        Returns:
            As many features of the same shapes, finest first; with ``finer_channels`` one more before them.
        """
        outs = [inputs[-1]]
        for i in reversed(range(len(self.fusions))):
            low = inputs[i]
            if self.deconvs is None:
                high = resize(outs[0], size=low.shape[2:], mode='bilinear', align_corners=False, warning=False)
            else:
                high = self.deconvs[i](outs[0])
            x = self.fusions[i](high, low)
            outs.insert(0, x if self.blocks is None else self.blocks[i](x))
        return tuple(outs) if self.finer is None else (self.finer(outs[0]), *outs)


def _double(in_channels: int, out_channels: int) -> nn.ConvTranspose2d:
    """Transposed convolution that doubles height and width."""
    return nn.ConvTranspose2d(in_channels, out_channels, 4, stride=2, padding=1)
