"""U-Net and ResUNet against the figures of BasicIRSTD's implementations."""

from __future__ import annotations

import pytest

from tests.golden_network import GoldenNetwork


@pytest.fixture(scope='module', params=['unet', 'resunet'])
def network(request: pytest.FixtureRequest) -> GoldenNetwork:
    network = GoldenNetwork(f'basic_{request.param}', request.param)
    network.check_fill()
    return network


def test_outputs_equal_the_official_network(network: GoldenNetwork) -> None:
    network.check_outputs()


def test_float64_outputs_agree_to_rounding(network: GoldenNetwork) -> None:
    network.check_float64()


def test_training_forward_and_gradients_equal_the_official_network(network: GoldenNetwork) -> None:
    network.check_training()
