"""What the backbones and necks of the zoo refuse, and how they treat gray images."""

from __future__ import annotations

import pytest
import torch

from mmirstd.models.backbones import CBAMResidualEncoder, ISNetEncoder, ISTDUEncoder, RDIANEncoder, RISTDNet, UIUEncoder
from mmirstd.models.necks import DenseNestedNeck, InteractiveCrossAttentionNeck, ISNetNeck

pytestmark = pytest.mark.usefixtures('float64')

SMALL = {
    CBAMResidualEncoder: dict(channels=[4, 8], num_blocks=[1, 1], cbam_ratio=None),
    ISTDUEncoder: dict(planes=(8, 16), num_blocks=(1, 1), stem_channels=8),
    RDIANEncoder: dict(stem_channels=4, channels=8),
    ISNetEncoder: dict(stem_channels=4, channels=(8, 16), num_blocks=(1, 1)),
    UIUEncoder: dict(channels=[8, 8], mid_channels=[4, 4], depths=[3, -3]),
    RISTDNet: dict(channels=[4, 4, 4, 4]),
}


@pytest.mark.parametrize('backbone', list(SMALL))
def test_a_gray_image_is_repeated_for_three_channels(backbone: type) -> None:
    network = backbone(in_channels=3, **SMALL[backbone]).eval()
    image = torch.rand(2, 1, 32, 32)
    for one, three in zip(network(image), network(image.repeat(1, 3, 1, 1))):
        torch.testing.assert_close(one, three)
    with pytest.raises(ValueError, match='LoadInfraredImage'):
        network(torch.rand(2, 2, 32, 32))


@pytest.mark.parametrize(
    ('backbone', 'divisor'), [(CBAMResidualEncoder, 2), (ISTDUEncoder, 2), (ISNetEncoder, 8), (RISTDNet, 8)]
)
def test_sizes_that_do_not_divide_are_refused_with_the_cure(backbone: type, divisor: int) -> None:
    network = backbone(**SMALL[backbone]).eval()
    with pytest.raises(ValueError, match=f'PadToMultiple", divisor={divisor}'):
        network(torch.rand(1, 1, 32 + divisor // 2, 32))


@pytest.mark.parametrize('backbone', [RDIANEncoder, UIUEncoder])
def test_any_size(backbone: type) -> None:
    features = backbone(**SMALL[backbone]).eval()(torch.rand(1, 1, 33, 21))
    assert [tuple(x.shape[2:]) for x in features] == [(33, 21), (17, 11)]


def test_lists_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match='differ in length'):
        CBAMResidualEncoder(channels=[4, 8], num_blocks=[1])
    with pytest.raises(ValueError, match='differ in length'):
        ISTDUEncoder(planes=[4, 8], num_blocks=[1])
    with pytest.raises(ValueError, match='equally long'):
        UIUEncoder(channels=[8], mid_channels=[4, 4], depths=[3])
    with pytest.raises(ValueError, match='need 1 num_blocks'):
        DenseNestedNeck([4, 8], num_blocks=[1, 1])
    with pytest.raises(ValueError, match='as many channels'):
        InteractiveCrossAttentionNeck([4, 8, 8], channels=[4, 8], mid_channels=[4, 4], depths=[3, 3])
    neck = ISNetNeck([4, 8], edge_channels=4, num_blocks=1)
    with pytest.raises(ValueError, match='2 levels and a gradient image'):
        neck([torch.rand(1, 1, 32, 32), torch.rand(1, 4, 8, 8)])
