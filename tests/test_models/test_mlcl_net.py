"""MLCL-Net, both sizes, against the figures of the official implementation."""

from __future__ import annotations

import pytest

from tests.golden_network import GoldenNetwork


@pytest.fixture(scope='module', params=[('mlcl_net_base', 'mlcl-net'), ('mlcl_net_small', 'mlcl-net-small')],
                ids=['base', 'small'])
def network(request: pytest.FixtureRequest) -> GoldenNetwork:
    network = GoldenNetwork(*request.param)
    network.check_fill()
    return network


@pytest.mark.parametrize('in_channels', [None, 1])
def test_outputs_equal_the_official_network(network: GoldenNetwork, in_channels: int | None) -> None:
    network.check_outputs(in_channels)


def test_float64_outputs_agree_to_rounding(network: GoldenNetwork) -> None:
    network.check_float64()


def test_training_forward_and_gradients_equal_the_official_network(network: GoldenNetwork) -> None:
    network.check_training()
