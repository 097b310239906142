"""DNANet against the figures of the authors' implementation and of BasicIRSTD's."""

from __future__ import annotations

import pytest
from torch import Tensor

from tests.golden_network import GoldenNetwork


@pytest.fixture(scope='module')
def network() -> GoldenNetwork:
    network = GoldenNetwork('dnanet', 'dnanet')
    network.check_fill()
    return network


def official_order(levels: list[Tensor]) -> list[Tensor]:
    """The official list ends with the prediction, ours begins with it."""
    return [*levels[1:], levels[0]]


@pytest.mark.parametrize('in_channels', [None, 1])
def test_outputs_equal_the_official_network(network: GoldenNetwork, in_channels: int | None) -> None:
    network.check_outputs(in_channels, official_order)


def test_float64_outputs_agree_to_rounding(network: GoldenNetwork) -> None:
    network.check_float64(official_order)


def test_training_forward_and_gradients_equal_the_official_network(network: GoldenNetwork) -> None:
    network.check_training(official_order)


def test_basicirstds_copy_is_the_same_network() -> None:
    network = GoldenNetwork('basic_dnanet', 'dnanet-basic')
    network.check_outputs()
    network.check_outputs(levels=official_order, variant="mode='train' (eval BN)")
    network.check_training(official_order)
