"""MTU-Net's transformers: the official form's slips and the mended ones."""

from __future__ import annotations

import pytest
import torch

from mmirstd.models.necks import MultiLevelViT
from mmirstd.models.necks.multi_level_vit import PatchTransformer, SelfAttention


def transformer(official: bool, grid_size: int = 4) -> PatchTransformer:
    torch.manual_seed(0)
    return PatchTransformer(3, 8, 2, 16, 1, grid_size, 0.0, official).eval()


@pytest.mark.parametrize('official', [True, False])
def test_a_patch_is_a_square_unless_official(official: bool) -> None:
    """The pixels of the first token of a 4x6 map in patches of 2: neighbors, or 2 rows and 3 columns apart."""
    x = torch.arange(24.0).view(1, 1, 4, 6)
    first = transformer(official)._patches(x)[0, 0]
    assert first.tolist() == ([0, 3, 12, 15] if official else [0, 1, 6, 7])


def test_each_pixel_is_in_one_patch() -> None:
    x = torch.randn(2, 3, 8, 12)
    for official in (True, False):
        patches = transformer(official)._patches(x)
        assert patches.shape == (2, 24, 12)
        torch.testing.assert_close(patches.flatten(1).sort().values, x.flatten(1).sort().values)


def test_positions_are_resized_unless_official() -> None:
    mended = transformer(False)
    assert torch.equal(mended._positions(4, 4), mended.positions)
    resized = mended._positions(8, 2)
    assert resized.shape == (17, 8)
    assert torch.equal(resized[0], mended.positions[0])
    # A 2x2 grid is the mean over quarters of the 4x4 one.
    quarters = mended.positions[1:].view(2, 2, 2, 2, 8).mean(dim=(1, 3)).flatten(0, 1)
    torch.testing.assert_close(mended._positions(2, 2)[1:], quarters)
    official = transformer(True)
    assert torch.equal(official._positions(2, 3), official.positions[:7])
    with pytest.raises(ValueError, match='has 4x4 positions, and this image has 5x4 patches'):
        official._positions(5, 4)


def test_scales_of_the_attention() -> None:
    assert SelfAttention(64, official=True).scale == 32
    assert SelfAttention(64, official=False).scale == 0.125


def test_equal_tokens_attend_equally() -> None:
    attention = SelfAttention(8, official=False)
    token = torch.randn(1, 1, 8)
    torch.testing.assert_close(attention(token.expand(1, 5, 8)), attention(token).expand(1, 5, 8))


@pytest.mark.parametrize('official', [True, False])
def test_levels_keep_their_shapes_and_the_finer_ones_pass(official: bool) -> None:
    torch.manual_seed(0)
    neck = MultiLevelViT((4, 8, 16), channels=8, hidden_channels=16, grid_size=8, official=official)
    inputs = [torch.randn(2, c, 16 >> i, 24 >> i) for i, c in enumerate((4, 8, 16))]
    outs = neck(inputs)
    assert [x.shape for x in outs] == [x.shape for x in inputs]
    assert outs[0] is inputs[0]
    assert outs[1] is inputs[1]
    outs[2].sum().backward()
    assert all(p.grad is not None for p in neck.parameters())
