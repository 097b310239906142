"""DNANet's dense nested grid (arXiv 2106.00487)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from mmseg.models.utils import resize
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import KAIMING_FAN_OUT, cbam_residual_layer


def _to_size_of(x: Tensor, reference: Tensor) -> Tensor:
    return resize(x, size=reference.shape[2:], mode='bilinear', align_corners=True, warning=False)


@MODELS.register_module()
class DenseNestedNeck(BaseModule):
    """Dense nested interaction module and feature pyramid fusion of DNANet.

    The encoder's levels are column 0 of a triangular grid.  Node ``(i, j)``, level ``i`` of column ``j``, sees all
    nodes to its left on its own level, the deeper level's node of the column before (upsampled), and, except on the
    finest level, the node one level finer of its own column (downsampled): what sets DNANet apart from U-Net++.  The
    last node of every level is projected to the finest level's channels by a 1x1 convolution, upsampled and
    concatenated, and a residual block makes the fused feature of them.  All resizing is bilinear with
    ``align_corners=True``.

    Source: arXiv 2106.00487, sections "dense nested interaction module" and "feature pyramid fusion module"; equal to
    the official code (YeRen123455/Infrared-Small-Target-Detection, ``model/model_DNANet.py``).

    Args:
        in_channels: Channels of the encoder's levels, finest first; each level keeps its own.
        num_blocks: Residual blocks of the nodes of each level but the deepest, which has no nodes of its own.
        cbam_ratio: Reduction of the channel attention; None leaves the attention out.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization.

    Raises:
        ValueError: If ``num_blocks`` does not fit ``in_channels``, and in ``forward`` for another number of levels.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        num_blocks: Sequence[int] = (1, 2, 2, 2),
        cbam_ratio: int | None = 16,
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | Sequence[dict] | None = KAIMING_FAN_OUT,
    ) -> None:
        super().__init__(list(init_cfg) if isinstance(init_cfg, tuple) else init_cfg)
        if len(num_blocks) != len(in_channels) - 1:
            raise ValueError(
                f'DenseNestedNeck: in_channels {in_channels} need {len(in_channels) - 1} num_blocks, got {num_blocks}'
            )
        self.depth = len(in_channels)
        # nodes[j - 1][i] is node (i, j).
        self.nodes = nn.ModuleList()
        for column in range(1, self.depth):
            nodes = nn.ModuleList()
            self.nodes.append(nodes)
            for level in range(self.depth - column):
                finer = in_channels[level - 1] if level else 0
                nodes.append(
                    cbam_residual_layer(
                        column * in_channels[level] + in_channels[level + 1] + finer,
                        in_channels[level],
                        num_blocks[level],
                        cbam_ratio,
                        norm_cfg,
                    )
                )
        self.projections = nn.ModuleList(nn.Conv2d(c, in_channels[0], kernel_size=1) for c in in_channels[1:])
        self.fusion = cbam_residual_layer(self.depth * in_channels[0], in_channels[0], 1, cbam_ratio, norm_cfg)

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Run the grid.

        Args:
            inputs: The encoder's features, finest first.

        Returns:
            ``len(inputs)`` features of the finest level's shape: the fused one, then nodes (0, 1), (0, 2), ... of the
            finest level but the last (they are what DNANet supervises).
        """
        if len(inputs) != self.depth:
            raise ValueError(f'DenseNestedNeck was built for {self.depth} levels, got {len(inputs)}')
        grid = [[x] for x in inputs]  # grid[i] holds the nodes of level i, column by column
        for column, nodes in enumerate(self.nodes, start=1):
            assert isinstance(nodes, nn.ModuleList)
            for level, node in enumerate(nodes):
                seen = [*grid[level], _to_size_of(grid[level + 1][column - 1], inputs[level])]
                if level:
                    seen.append(_to_size_of(grid[level - 1][column], inputs[level]))
                grid[level].append(node(torch.cat(seen, dim=1)))
        pyramid = [_to_size_of(project(row[-1]), inputs[0]) for project, row in zip(self.projections, grid[1:])]
        fused = self.fusion(torch.cat([*reversed(pyramid), grid[0][-1]], dim=1))
        return (fused, *grid[0][1:-1])
