"""What SSTNet has beside the figures that tests/test_models/test_golden.py compares."""

from __future__ import annotations

from tests.golden_zoo import golden_network


def test_parameter_counts_are_the_official_ones() -> None:
    network = golden_network('sstnet')
    model = network.build(training=True)
    assert sum(p.numel() for p in model.parameters()) == network.golden['params_total'] == 21981227
    at_test = sum(p.numel() for n, p in model.named_parameters() if not n.startswith('motion_branch.'))
    assert at_test == network.golden['params_eval_path'] == 11949003
