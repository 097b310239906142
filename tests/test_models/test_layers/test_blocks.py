from __future__ import annotations

import pytest
import torch

from mmirstd.models.layers import ChannelAttention, ResidualBlock, SpatialAttention, SqueezeExcitation


@pytest.mark.parametrize(('kwargs', 'out'), [({}, (2, 8, 12, 12)), ({'se_ratio': 4}, (2, 8, 12, 12)),
                                             ({'downsample': True}, (2, 16, 6, 6))])
def test_residual_block_shapes(kwargs: dict, out: tuple) -> None:
    block = ResidualBlock(8, out[1], **kwargs)
    assert block(torch.rand(2, 8, 12, 12)).shape == out


def test_residual_block_refuses_an_identity_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match='downsample=True'):
        ResidualBlock(8, 16)


def test_squeeze_excitation_scales_whole_channels() -> None:
    x = torch.rand(2, 8, 5, 5) + 0.1
    ratio = SqueezeExcitation(8)(x) / x
    torch.testing.assert_close(ratio, ratio[..., :1, :1].expand_as(ratio))
    assert ((ratio > 0) & (ratio < 1)).all()
    with pytest.raises(ValueError, match='at least'):
        SqueezeExcitation(2, ratio=4)


def test_attention_maps_are_weights() -> None:
    x = torch.randn(2, 16, 9, 9)
    channel, spatial = ChannelAttention(16)(x), SpatialAttention()(x)
    assert channel.shape == (2, 16, 1, 1)
    assert spatial.shape == (2, 1, 9, 9)
    for weights in (channel, spatial):
        assert ((weights > 0) & (weights < 1)).all()
