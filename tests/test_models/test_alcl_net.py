"""ALCL-Net against the figures of the official implementation."""

from __future__ import annotations

import pytest

from tests.golden_network import GoldenNetwork


@pytest.fixture(scope='module')
def network() -> GoldenNetwork:
    network = GoldenNetwork('alcl_net', 'alcl-net')
    network.check_fill()
    return network


@pytest.mark.parametrize('in_channels', [None, 1])
def test_outputs_equal_the_official_network(network: GoldenNetwork, in_channels: int | None) -> None:
    network.check_outputs(in_channels)


def test_float64_outputs_agree_to_rounding(network: GoldenNetwork) -> None:
    network.check_float64()


def test_training_forward_and_gradients_equal_the_official_network(network: GoldenNetwork) -> None:
    network.check_training()
