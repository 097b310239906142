"""What SSTNet has beside the figures that tests/test_models/test_golden.py compares."""

from __future__ import annotations

import torch

from tests.golden_network import DOUBLE, MARGIN, Figures
from tests.golden_zoo import golden_network, official_map


def test_parameter_counts_are_the_official_ones() -> None:
    network = golden_network('sstnet')
    model = network.build(training=True)
    assert sum(p.numel() for p in model.parameters()) == network.golden['params_total'] == 21981227
    at_test = sum(p.numel() for n, p in model.named_parameters() if not n.startswith('motion_branch.'))
    assert at_test == network.golden['params_eval_path'] == 11949003


def test_the_streamed_form_gives_the_official_outputs() -> None:
    network = golden_network('sstnet')
    model = network.build(dtype=torch.float64)
    with torch.no_grad():
        levels = model.couple_states([model.frame_state(frame) for frame in network.input().double().unbind(1)])
        raw = official_map(model.bbox_head(levels))
    Figures(raw).check(network.golden['outputs_float64'][0], MARGIN * DOUBLE * network.rounding['outputs'][0])
