"""What RPCANet and RPCANet++ have beside the figures that tests/test_models/test_golden.py compares."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmirstd.models.decode_heads import UnfoldingHead
from tests.golden_network import GoldenNetwork
from tests.golden_zoo import golden_network
from tests.test_models.test_decode_heads.test_irstd_head import data_samples
from tests.test_models.test_losses.recorded import GOLDEN, normal, recorded_inputs


def test_unused_parameters_are_left_out_by_default() -> None:
    network = GoldenNetwork('rpcanet_pp', 'rpcanet-pp')
    model = network.build()
    unused = network.golden['train_forward']['params_without_grad']
    assert len(model.state_dict()) == network.golden['num_state_dict_entries'] - len(unused)


def test_loss_equals_the_official_recipe() -> None:
    logits, target = recorded_inputs()
    image = np.random.Generator(np.random.PCG64(10)).random((2, 1, 32, 32)).astype(np.float32)
    samples = data_samples(32)
    for sample, mask in zip(samples, target):
        sample.gt_sem_seg.data = mask.long()
    losses = UnfoldingHead().loss((logits, normal(9), torch.from_numpy(image)), samples, {})
    assert float(sum(losses.values())) == pytest.approx(GOLDEN['RPCANet total']['target']['value'], abs=1e-6)


def test_more_than_one_channel_is_refused() -> None:
    with pytest.raises(ValueError, match='in_channels must be 1'):
        golden_network('rpcanet').build(in_channels=3)
