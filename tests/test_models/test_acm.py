"""ACM and ALCNet against the figures of acm-pytorch and BasicIRSTD."""

from __future__ import annotations

import pytest
from mmseg.models.utils import resize
from torch import Tensor

from tests.golden_network import GoldenNetwork


@pytest.fixture(scope='module', params=[
    ('acm_fpn', 'acm-fpn'), ('acm_unet', 'acm-unet'), ('basic_acm', 'acm'), ('basic_alcnet', 'alcnet')],
                ids=lambda param: param[1])
def network(request: pytest.FixtureRequest) -> GoldenNetwork:
    network = GoldenNetwork(*request.param)
    network.check_fill()
    return network


def full_size(levels: list[Tensor]) -> list[Tensor]:
    """The official networks end with an upsampling, which mmseg's segmentor does for ours."""
    return [resize(levels[0], size=(64, 64), mode='bilinear', align_corners=False)]


def test_outputs_equal_the_official_network(network: GoldenNetwork) -> None:
    network.check_outputs(levels=full_size)


def test_float64_outputs_agree_to_rounding(network: GoldenNetwork) -> None:
    network.check_float64(full_size)


def test_training_forward_and_gradients_equal_the_official_network(network: GoldenNetwork) -> None:
    network.check_training(full_size)


def test_three_channels_that_cannot_be_folded_say_so() -> None:
    network = GoldenNetwork('acm_fpn', 'acm-fpn')
    with pytest.raises(ValueError, match='cannot be folded.*--in-channels 3'):
        network.key_map.convert(network.official, in_channels=1)
