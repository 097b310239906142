"""Levels and errors of the encoders of MLCL-Net, MSDA-Net, ACM and AGPCNet; equality is in the networks' own tests."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmirstd.models.backbones import ACMEncoder, FullResolutionResNet, MSDAEncoder, ResidualEncoder

pytestmark = pytest.mark.usefixtures('float64')


@pytest.mark.parametrize(
    ('encoder', 'strides'),
    [
        (lambda **kw: ResidualEncoder(channels=(4, 8, 16), num_blocks=2, **kw), (1, 2, 4)),
        (lambda **kw: MSDAEncoder(channels=(4, 16, 8), context_channels=2, **kw), (1, 2, 4)),
        (lambda **kw: ACMEncoder(num_blocks=(1, 1, 1), **kw), (4, 8, 16)),
        (lambda **kw: FullResolutionResNet(18, base_channels=8, stem_channels=8, **kw), (1, 2, 4, 8)),
    ],
    ids=['residual', 'msda', 'acm', 'resnet'],
)
def test_levels_and_repeated_gray(encoder, strides: tuple[int, ...]) -> None:
    network = encoder(in_channels=3).eval()
    gray = torch.rand(1, 1, 32, 48)
    outs = network(gray)
    assert [tuple(out.shape[2:]) for out in outs] == [(32 // stride, 48 // stride) for stride in strides]
    for ours, repeated in zip(outs, network(gray.repeat(1, 3, 1, 1))):
        torch.testing.assert_close(ours, repeated)
    with pytest.raises(ValueError, match=f'divisible by {strides[-1]}'):
        network(gray[..., :31])


def test_msda_takes_one_channel_or_three() -> None:
    with pytest.raises(ValueError, match='1 or 3'):
        MSDAEncoder(in_channels=2)


def test_acms_blocks_may_have_another_norm_than_the_rest() -> None:
    encoder = ACMEncoder(norm_cfg=dict(type='BN', momentum=0.9), block_norm_cfg=dict(type='BN'))
    momenta = {name: m.momentum for name, m in encoder.named_modules() if isinstance(m, nn.BatchNorm2d)}
    in_blocks = {name for name in momenta if name.endswith(('.bn1', '.bn2'))}
    assert {momenta[name] for name in in_blocks} == {0.1}
    assert {momenta[name] for name in momenta.keys() - in_blocks} == {0.9}
