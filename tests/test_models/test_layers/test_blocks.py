from __future__ import annotations

import pytest
import torch

from mmirstd.models.layers import (
    CBAM,
    BiasedConv2d,
    CBAMResidualBlock,
    ChannelAttention,
    ResidualBlock,
    ResidualUBlock,
    SpatialAttention,
    SqueezeExcitation,
    global_mean,
)

pytestmark = pytest.mark.usefixtures('float64')


@pytest.mark.parametrize(
    ('kwargs', 'out'), [({}, (2, 8, 12, 12)), ({'se_ratio': 4}, (2, 8, 12, 12)), ({'downsample': True}, (2, 16, 6, 6))]
)
def test_residual_block_shapes(kwargs: dict, out: tuple) -> None:
    block = ResidualBlock(8, out[1], **kwargs)
    assert block(torch.rand(2, 8, 12, 12)).shape == out


def test_residual_block_refuses_an_identity_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match='downsample=True'):
        ResidualBlock(8, 16)


@pytest.mark.parametrize('memory_format', [torch.contiguous_format, torch.channels_last])
def test_global_mean_is_the_mean_in_either_layout(memory_format: torch.memory_format) -> None:
    x = torch.randn(2, 6, 5, 7, dtype=torch.float64).to(memory_format=memory_format).requires_grad_()
    weights = torch.randn(2, 6, dtype=torch.float64)
    mean = global_mean(x)
    torch.testing.assert_close(mean, x.mean(dim=(2, 3)))
    (mean * weights).sum().backward()
    torch.testing.assert_close(x.grad, (weights / 35)[:, :, None, None].expand_as(x))


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


def test_cbam_weights_by_channel_and_by_position() -> None:
    x = torch.rand(2, 16, 9, 9) + 0.1
    ratio = CBAM(16, spatial_norm_cfg=dict(type='BN', momentum=0.01)).eval()(x) / x
    assert ((ratio > 0) & (ratio < 1)).all()
    # One factor a channel times one a position: a matrix of rank 1.
    matrix = ratio[0].flatten(1).double()
    assert torch.linalg.matrix_rank(matrix, rtol=1e-5) == 1


@pytest.mark.parametrize(('channels', 'stride', 'shortcut'), [(16, 1, False), (24, 1, True), (16, 2, True)])
def test_cbam_residual_block(channels: int, stride: int, shortcut: bool) -> None:
    block = CBAMResidualBlock(16, channels, stride)
    assert block(torch.rand(2, 16, 12, 12)).shape == (2, channels, 12 // stride, 12 // stride)
    assert any(name.startswith('shortcut') for name, _ in block.named_parameters()) is shortcut


@pytest.mark.parametrize(('depth', 'dilated'), [(5, False), (4, True)])
def test_residual_u_block_takes_any_size(depth: int, dilated: bool) -> None:
    block = ResidualUBlock(3, 4, 8, depth, dilated)
    assert block(torch.rand(2, 3, 37, 20)).shape == (2, 8, 37, 20)
    with pytest.raises(ValueError, match='depth of at least 2'):
        ResidualUBlock(3, 4, 8, 1)


def test_biased_conv_keeps_its_bias() -> None:
    conv = BiasedConv2d(2, 3, 3, padding=1, bias=False)
    assert conv.bias is not None
    assert conv(torch.rand(1, 2, 5, 5)).shape == (1, 3, 5, 5)
