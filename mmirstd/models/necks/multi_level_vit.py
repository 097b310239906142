"""MTU-Net's vision transformers on all levels of an encoder (IEEE TGRS 2023)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import CBAMResidualBlock


class SelfAttention(BaseModule):
    """Single-head attention of all tokens to each other, without biases.

    Args:
        channels: Channels of a token.
        official: Multiply the products by half the channels, as the official code does: ``channels ** 1 / 2``, where
            ``channels ** -0.5`` was meant.  With 64 channels that is 256 times as much, so nearly every token looks at
            one other alone.
    """

    def __init__(self, channels: int, official: bool) -> None:
        super().__init__()
        self.scale = channels / 2 if official else channels**-0.5
        self.qkv = nn.Linear(channels, 3 * channels, bias=False)
        self.projection = nn.Linear(channels, channels, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, N, C) -> (B, N, C)."""
        # Query, key and value of a channel lie side by side.
        query, key, value = self.qkv(tokens).unflatten(2, (-1, 3)).unbind(dim=3)
        weights = (query @ key.transpose(1, 2) * self.scale).softmax(dim=-1)
        return self.projection(weights @ value)


class TransformerBlock(BaseModule):
    """Attention and a feed-forward network, each added and then normed."""

    def __init__(self, channels: int, hidden_channels: int, dropout_ratio: float, official: bool) -> None:
        super().__init__()
        self.attention = SelfAttention(channels, official)
        self.dropout = nn.Dropout(dropout_ratio)
        self.attention_norm = nn.LayerNorm(channels)
        self.mlp = nn.Sequential(
            nn.Linear(channels, hidden_channels),
            nn.GELU(),
            nn.Dropout(dropout_ratio),
            nn.Linear(hidden_channels, channels),
            nn.Dropout(dropout_ratio),
        )
        self.mlp_norm = nn.LayerNorm(channels)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, N, C) -> (B, N, C)."""
        tokens = self.attention_norm(tokens + self.dropout(self.attention(tokens)))
        return self.mlp_norm(tokens + self.mlp(tokens))


class PatchTransformer(BaseModule):
    """A small vision transformer (Dosovitskiy et al., 2021) that returns a token for each patch, as a map.

    Args:
        in_channels: Input channels.
        channels: Channels of a token.
        patch_size: Side of a patch.
        hidden_channels: Of the feed-forward network.
        num_blocks: Number of blocks.
        grid_size: Side of the grid of patches that the position embedding is made for; a smaller map uses a part of it.
        dropout_ratio: Of all dropouts.
        official: See :class:`MultiLevelViT`.
        init_cfg: mmengine initialization.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        patch_size: int,
        hidden_channels: int,
        num_blocks: int,
        grid_size: int,
        dropout_ratio: float,
        official: bool,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.patch_size = patch_size
        self.grid_size = grid_size
        self.official = official
        self.projection = nn.Linear(in_channels * patch_size**2, channels)
        # The first is the class token's.
        self.positions = nn.Parameter(torch.rand(grid_size**2 + 1, channels))
        self.class_token = nn.Parameter(torch.randn(1, 1, channels))
        self.dropout = nn.Dropout(dropout_ratio)
        self.blocks = nn.Sequential(
            *(TransformerBlock(channels, hidden_channels, dropout_ratio, official) for _ in range(num_blocks))
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, channels, H / patch_size, W / patch_size).

        Raises:
            ValueError: Of the official form, if there are more patches than position embeddings.
        """
        rows, columns = (n // self.patch_size for n in x.shape[2:])
        tokens = self.projection(self._patches(x))
        tokens = torch.cat([self.class_token.expand(x.shape[0], -1, -1), tokens], dim=1)
        tokens = self.blocks(self.dropout(tokens + self._positions(rows, columns)))
        return tokens[:, 1:].transpose(1, 2).reshape(x.shape[0], -1, rows, columns)

    def _patches(self, x: Tensor) -> Tensor:
        """(B, patches, patch_size^2 * C), the pixels of each patch row by row, their channels together."""
        size = self.patch_size
        if self.official:
            # A token gathers pixels that are ``rows`` and ``columns`` apart, from all over the map.
            split = x.unflatten(3, (size, -1)).unflatten(2, (size, -1))
            split = split.permute(0, 3, 5, 2, 4, 1)
        else:
            split = x.unflatten(3, (-1, size)).unflatten(2, (-1, size))
            split = split.permute(0, 2, 4, 3, 5, 1)
        return split.flatten(3).flatten(1, 2)

    def _positions(self, rows: int, columns: int) -> Tensor:
        count = rows * columns
        if self.official:
            if count >= len(self.positions):
                side = self.grid_size
                raise ValueError(
                    f'MultiLevelViT has {side}x{side} positions, and this image has {rows}x{columns} patches\n'
                    f'  cure: images of at most {16 * side}x{16 * side} pixels, '
                    'or model.neck.0.official=False, which resizes the positions'
                )
            return self.positions[: count + 1]
        side = self.grid_size
        grid = self.positions[1:].T.view(1, -1, side, side)
        if (rows, columns) != (side, side):
            grid = F.interpolate(grid, size=(rows, columns), mode='bilinear', align_corners=False)
        return torch.cat([self.positions[:1], grid.flatten(2)[0].T])


@MODELS.register_module()
class MultiLevelViT(BaseModule):
    """A vision transformer on each level but the deepest; their maps join the deepest level.

    The transformers' patches are 16, 8, 4 and 2 pixels, so that all maps have the deepest level's size; a residual
    block fuses them with it.  The other levels are returned unchanged, for a U-shaped decoder.  Source: MTU-Net (Wu et
    al., IEEE TGRS 2023); equal to the official code (TianhaoWu16/Multi-level-TransUNet-for-Space-based-Infrared-
    Tiny-ship-Detection) with one change: that runs at 1024x1024 only, because the number of patches is written into it.

    Args:
        in_channels: Channels of the levels, finest first; each level has half the size of the one before.
        channels: Channels of the transformers' tokens.
        hidden_channels: Of the transformers' feed-forward networks.
        num_blocks: Transformer blocks of each level.
        grid_size: Patches along the largest image, for the position embeddings; 64 for 1024 pixels.
        dropout_ratio: Of the transformers.
        official: The official code has three slips in its transformers.  True keeps them, for its weights:

            * a patch is not a square of neighbors but pixels from all over the map, at the patches' distance;
            * the attention's products are multiplied by half the channels instead of divided by their root;
            * a smaller image takes the first position embeddings in a row, whatever its width.

            False mends them; positions are then resized to the image.
        norm_cfg: Norm layer of the fusion.
        act_cfg: Activation of the fusion.
        init_cfg: mmengine initialization.
    """

    def __init__(
        self,
        in_channels: Sequence[int] = (16, 32, 64, 128, 256),
        channels: int = 64,
        hidden_channels: int = 4096,
        num_blocks: int = 1,
        grid_size: int = 64,
        dropout_ratio: float = 0.1,
        official: bool = True,
        norm_cfg: dict = dict(type='BN'),
        act_cfg: dict = dict(type='LeakyReLU'),
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        *finer, deepest = in_channels
        self.transformers = nn.ModuleList(
            PatchTransformer(
                width, channels, 2 ** (len(finer) - i), hidden_channels, num_blocks, grid_size, dropout_ratio, official
            )
            for i, width in enumerate(finer)
        )
        self.fusion = CBAMResidualBlock(
            deepest + channels * len(finer), deepest, cbam_ratio=None, norm_cfg=norm_cfg, act_cfg=act_cfg
        )

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Levels, finest first -> the same levels, the deepest fused with what the transformers saw."""
        *finer, deepest = inputs
        seen = [transformer(x) for transformer, x in zip(self.transformers, finer)]
        # Deepest first, as in the official code.
        return (*finer, self.fusion(torch.cat([*reversed(seen), deepest], dim=1)))
