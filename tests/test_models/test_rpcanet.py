"""RPCANet and RPCANet++ against the figures of the authors' implementation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mmirstd.models.decode_heads import UnfoldingHead
from tests.golden_network import GoldenNetwork
from tests.test_models.test_decode_heads.test_irstd_head import data_samples
from tests.test_models.test_losses.recorded import GOLDEN, normal, recorded_inputs


class Unfolded(GoldenNetwork):
    """The official outputs are reconstruction and target map."""

    @staticmethod
    def logits(model: nn.Module, image: Tensor) -> list[Tensor]:
        features = model.extract_feat(image)
        return [model.decode_head(features), features[1]]


def official_order(outputs: list[Tensor]) -> list[Tensor]:
    return outputs[::-1]


# The 17x17 convolutions of RPCANet++ take their time backwards.
@pytest.fixture(scope='module', params=['rpcanet', 'rpcanet_pp'])
def network(request: pytest.FixtureRequest) -> Unfolded:
    options = {'model.backbone.official_unused': True} if request.param == 'rpcanet_pp' else {}
    network = Unfolded(request.param, request.param.replace('_', '-'), options, keep_unused=bool(options))
    network.check_fill()
    return network


def test_outputs_equal_the_official_network(network: Unfolded) -> None:
    network.check_outputs(levels=official_order)


def test_float64_outputs_agree_to_rounding(network: Unfolded) -> None:
    network.check_float64(official_order)


def test_training_forward_and_gradients_equal_the_official_network(network: Unfolded) -> None:
    official = network.golden['train_forward']['params_without_grad']
    unused = {network.key_map.rename(key) for key in official}
    named = [name for name, _ in network.build().named_parameters() if name in unused]
    assert len(named) == len(official)
    network.check_training(official_order, without_gradient=named)


def test_unused_parameters_are_left_out_by_default() -> None:
    network = Unfolded('rpcanet_pp', 'rpcanet-pp')
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
        Unfolded('rpcanet', 'rpcanet').build(in_channels=3)


def test_official_evaluation_divides_by_the_maximum() -> None:
    target = torch.randn(2, 1, 8, 8)
    target[1] = -target[1].abs()
    head = UnfoldingHead(divide_by_maximum=True)
    logits = head.predict((target, target, target), [dict(img_shape=(8, 8))] * 2, {})
    torch.testing.assert_close(logits[0].sigmoid(), (target[0] / target[0].max()).clamp(1e-6, 1 - 1e-6))
    assert (logits[1] < 0).all()
