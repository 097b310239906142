"""DeepPro and DeepPro-Plus: small targets as anomalies in the time profile of a pixel."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers.difference_conv import DifferenceBlock, SpatialDifferenceConv, conv3d_norm
from ..layers.temporal_probe import TemporalProbe
from .clip_neck import ClipNeck


class ProfileBranch(nn.Module):
    """Two blocks at one scale and the temporal probe.

    Args:
        pools: Whether a 2x2 max pool stands before each block.
        num_heads: Of the probe.
        num_frames: T.
        spatial: Of the blocks.
        channels: Before, between and behind the blocks, and of the output.
    """

    def __init__(
        self,
        pools: tuple[bool, bool],
        num_heads: int,
        num_frames: int,
        spatial: bool,
        channels: tuple[int, int, int, int] = (8, 16, 32, 8),
    ) -> None:
        super().__init__()
        self.pools = pools
        self.blocks = nn.ModuleList(
            DifferenceBlock(before, after, spatial) for before, after in zip(channels, channels[1:3])
        )
        self.probe = TemporalProbe(channels[2], num_heads, num_frames)
        self.out = conv3d_norm(channels[2], channels[3])

    def forward(self, x: Tensor, key_frame: bool) -> Tensor:
        """(B, C, T, H, W) -> (B, C', T or 1, H / s, W / s)."""
        for pool, block in zip(self.pools, self.blocks):
            x = block(F.max_pool3d(x, (1, 2, 2)) if pool else x)
        return self.out(self.probe(x, key_frame))


@MODELS.register_module()
class DeepProNeck(ClipNeck):
    """The network DeepPro (``spatial=False``) or DeepPro-Plus (``spatial=True``) without its last convolution.

    Temporal neck of ``mmirstd.MultiFrameSegmentor``, from the frames themselves (``mmirstd.FrameInput``) to a feature
    of 8 channels of each frame.  DeepPro computes along time alone, at three scales; DeepPro-Plus also takes
    differences in space, at one.  Source: arXiv 2506.12766 (TinaLRJ/DeepPro, ``networks/models``); equal to the
    official code.

    All frames of a clip are seen from its first layer on, with zeros before and behind the clip.

    Args:
        num_frames: T; the weights belong to it.
        spatial: See above.
        in_channels: Channels of a frame.
        init_cfg: mmengine initialization; None: PyTorch's own, as in the official code.
    """

    def __init__(
        self,
        num_frames: int = 40,
        spatial: bool = False,
        in_channels: int = 1,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.num_frames = num_frames
        self.spatial = spatial
        self.stem = conv3d_norm(in_channels, 8, (5, 1, 1))
        scales = [(False, False), (True, False), (True, True)]
        if spatial:
            self.stem[0] = SpatialDifferenceConv(in_channels, 8, (5, 7, 7), padding=(2, 3, 3))
            scales = scales[:1]
        self.branches = nn.ModuleList(
            ProfileBranch(pools, 8 if spatial else 4, num_frames, spatial) for pools in scales
        )
        self.fuse = nn.Identity() if spatial else conv3d_norm(8 * len(scales), 8)

    def features(self, clips: Tensor, key_frame: bool) -> Tensor:
        """See :class:`ClipNeck`.

        Raises:
            ValueError: Another number of frames.
        """
        if clips.shape[2] != self.num_frames:
            raise ValueError(
                f'DeepProNeck(num_frames={self.num_frames}) got a clip of {clips.shape[2]} frames; expected its own '
                'number: num_frames of the data set, the segmentor and the neck must agree'
            )
        stem = self.stem(clips)
        size = clips.shape[-2:]
        outs = [_upsample(branch(stem, key_frame), size) for branch in self.branches]
        return self.fuse(torch.cat(outs, dim=1))


def _upsample(x: Tensor, size: Sequence[int]) -> Tensor:
    if x.shape[-2:] == tuple(size):
        return x
    frames = F.interpolate(x.flatten(1, 2), size=tuple(size), mode='bilinear', align_corners=True)
    return frames.unflatten(1, x.shape[1:3])
