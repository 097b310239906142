"""RISTDnet against the figures of BasicIRSTD's implementation (an undefined logger stubbed there)."""

from __future__ import annotations

import pytest
import torch

from mmirstd.models.backbones.ristdnet import contrast_kernels
from tests.golden_network import GoldenNetwork


@pytest.fixture(scope='module')
def network() -> GoldenNetwork:
    network = GoldenNetwork('basic_ristdnet', 'ristdnet')
    network.check_fill()
    return network


def test_outputs_equal_the_official_network(network: GoldenNetwork) -> None:
    network.check_outputs()


def test_training_forward_and_gradients_equal_the_official_network(network: GoldenNetwork) -> None:
    network.check_training()


def test_contrast_kernels_do_not_see_a_constant() -> None:
    kernels = contrast_kernels()
    assert kernels.shape == (15, 1, 11, 11)
    torch.testing.assert_close(kernels.sum(dim=(1, 2, 3)), torch.zeros(15), atol=1e-6, rtol=0)
    # Outer radius 2, inner radius 1: a mean over 9 pixels minus one over 16.
    assert float(kernels[2, 0, 5, 6]) == pytest.approx(1 / 9)
    assert float(kernels[2, 0, 5, 7]) == pytest.approx(-1 / 16)
    assert float(kernels[2, 0, 5, 8]) == 0
