"""SCTransNet against the figures of the authors' implementation."""

from __future__ import annotations

import pytest
from mmseg.models.utils import resize
from torch import Tensor

from tests.golden_network import GoldenNetwork

UNUSED = {'model.neck.official_unused': True}


@pytest.fixture(scope='module')
def network() -> GoldenNetwork:
    network = GoldenNetwork('sctransnet', 'sctransnet', UNUSED, keep_unused=True)
    network.check_fill()
    return network


def official_order(levels: list[Tensor]) -> list[Tensor]:
    """Side maps at full size, deepest first, then the fused and the finest one."""
    finest, fused, *sides = levels
    sides = [resize(side, finest.shape[2:], mode='bilinear', align_corners=True) for side in sides]
    return [*sides[::-1], fused, finest]


def test_outputs_equal_the_official_network(network: GoldenNetwork) -> None:
    network.check_outputs()
    network.check_outputs(levels=official_order, variant="mode='train' (eval BN)")


def test_float64_outputs_agree_to_rounding(network: GoldenNetwork) -> None:
    network.check_float64()


def test_training_forward_and_gradients_equal_the_official_network(network: GoldenNetwork) -> None:
    official = network.golden['train_forward']['params_without_grad']
    unused = {network.key_map.rename(key) for key in official}
    named = [name for name, _ in network.build().named_parameters() if name in unused]
    assert len(named) == len(official)
    network.check_training(official_order, without_gradient=named)


def test_unused_parameters_are_left_out_by_default(network: GoldenNetwork) -> None:
    state = GoldenNetwork('sctransnet', 'sctransnet').build().state_dict()
    unused = network.golden['train_forward']['params_without_grad']
    assert len(state) == network.golden['num_state_dict_entries'] - len(unused)
