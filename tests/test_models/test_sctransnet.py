"""What SCTransNet has beside the figures that tests/test_models/test_golden.py compares."""

from __future__ import annotations

from tests.golden_network import GoldenNetwork


def test_unused_parameters_are_left_out_by_default() -> None:
    network = GoldenNetwork('sctransnet', 'sctransnet')
    unused = network.golden['train_forward']['params_without_grad']
    assert len(network.build().state_dict()) == network.golden['num_state_dict_entries'] - len(unused)
