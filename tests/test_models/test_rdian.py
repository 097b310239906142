"""RDIAN against the figures of BasicIRSTD's implementation."""

from __future__ import annotations

import pytest
import torch

from mmirstd.models.backbones.rdian import direction_contrast
from tests.golden_network import GoldenNetwork


@pytest.fixture(scope='module')
def network() -> GoldenNetwork:
    network = GoldenNetwork('basic_rdian', 'rdian')
    network.check_fill()
    return network


def test_outputs_equal_the_official_network(network: GoldenNetwork) -> None:
    network.check_outputs()


def test_float64_outputs_agree_to_rounding(network: GoldenNetwork) -> None:
    network.check_float64()


def test_training_forward_and_gradients_equal_the_official_network(network: GoldenNetwork) -> None:
    network.check_training()


def test_direction_contrast_is_that_of_the_official_kernels(network: GoldenNetwork) -> None:
    image = torch.rand(2, 1, 12, 15, dtype=torch.float64)
    differences = []
    for i in range(1, 9):
        kernel = torch.tensor(network.golden['kept_values'][f'd1{i}.weight'], dtype=torch.float64).view(1, 1, 5, 5)
        differences.append(torch.nn.functional.conv2d(image, kernel, padding=2))
    expected = sum(differences[i] * differences[i + 4] for i in range(4))
    torch.testing.assert_close(direction_contrast(image), expected)


def test_direction_contrast_finds_a_point() -> None:
    image = torch.zeros(1, 1, 9, 9)
    image[0, 0, 4, 4] = 0.5
    contrast = direction_contrast(image)
    assert contrast.argmax() == 4 * 9 + 4
    assert float(contrast[0, 0, 4, 4]) == pytest.approx(4 * 0.25)
