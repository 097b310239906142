"""UIU-Net against the figures of the authors' implementation and of BasicIRSTD's."""

from __future__ import annotations

import pytest
from mmseg.models.utils import resize
from torch import Tensor

from tests.golden_network import GoldenNetwork


@pytest.fixture(scope='module')
def network() -> GoldenNetwork:
    network = GoldenNetwork('uiunet', 'uiu-net')
    network.check_fill()
    return network


def full_size(levels: list[Tensor]) -> list[Tensor]:
    """All maps at the prediction's size, as the official network returns them."""
    return [resize(x, levels[0].shape[2:], mode='bilinear', align_corners=False, warning=False) for x in levels]


@pytest.mark.parametrize('in_channels', [None, 1])
def test_outputs_equal_the_official_network(network: GoldenNetwork, in_channels: int | None) -> None:
    network.check_outputs(in_channels, full_size)


def test_float64_outputs_agree_to_rounding(network: GoldenNetwork) -> None:
    network.check_float64(full_size)


def check_training(network: GoldenNetwork) -> None:
    # The channel attentions normalise two values a channel (batch 2, one pixel), which turns rounding into signs: in
    # double precision the shallow maps of one and the same network differ from float32 by more than 1, its gradient by
    # half.  The deepest map comes before them, and the statistics hardly feel it.  Run side by side on one machine in
    # double precision, official maps and gradients equal ours to 1e-12.
    network.check_training(
        full_size, atol=1e-3, compared=slice(6, 7), gradient_rtol=None, statistics_rtol=1e-3)


def test_training_forward_and_statistics_equal_the_official_network(network: GoldenNetwork) -> None:
    check_training(network)


def test_basicirstds_copy_is_the_same_network() -> None:
    network = GoldenNetwork('basic_uiunet', 'uiu-net-basic')
    network.check_outputs(levels=full_size, variant="mode='train' (eval BN)")
    check_training(network)
