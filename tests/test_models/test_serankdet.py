"""What SeRankDet has beside the figures that tests/test_models/test_golden.py compares."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from mmirstd.models.backbones import SeRankEncoder
from mmirstd.models.layers import CentralDifferenceConv2d, RankAttention, position_code
from tests.golden_network import DOUBLE, MARGIN, Figures, rounding_records
from tests.golden_zoo import golden_network


def test_ordinary_attention_weights_equal_the_official_network() -> None:
    """The main figures have tiny ones, because float32 cannot repeat this; the official code ran in float64 here."""
    network = copy.copy(golden_network('serankdet'))
    network.__dict__.pop('official', None)
    record = network.golden['strong_attention_float64']
    scale = {key: rule for key, rule in network.golden['scale'].items() if rule == 'keep'}
    network.golden = {**network.golden, 'scale': scale}
    model = network.build(dtype=torch.float64).eval()
    with torch.no_grad():
        outputs = network.levels(network.logits(model, network.input().double()))
    for output, expected, bound in zip(outputs, record['outputs'], rounding_records()['serankdet']['outputs']):
        # The attention no longer damps what rounding does: a thousand times the bound of the main figures.
        Figures(output).check(expected, 1000 * MARGIN * DOUBLE * bound)


def features(batch: int = 2) -> torch.Tensor:
    """As after ReLU: half of the places are 0."""
    return torch.randn(batch, 6, 8, 10, generator=torch.Generator().manual_seed(0), dtype=torch.float64).relu()


def attention(**options: bool) -> RankAttention:
    torch.manual_seed(0)
    return RankAttention(16, **options).double()


def test_only_per_sample_attention_ignores_the_other_images() -> None:
    x = features()
    x[1] *= 10
    for per_sample in (True, False):
        module = attention(per_sample=per_sample)
        same = torch.allclose(module(x)[:1], module(x[:1]), rtol=0, atol=1e-9)
        assert same == per_sample


def test_a_stable_choice_takes_the_first_of_equal_values() -> None:
    x = torch.zeros(1, 1, 4, 5, dtype=torch.float64)
    x[0, 0, 3, 4] = 2
    module = RankAttention(4, stable=True).double()
    code = position_code(4, 5, 4, x.device).double().flatten()
    strongest = module.describe(x, module._places(x.flatten(2)))
    torch.testing.assert_close(strongest[0, 0], torch.stack([code[0], code[1], code[2], 2 + code[19]]))


def test_small_maps_leave_ranks_empty() -> None:
    x = features()[:, :, :2, :3]
    module = attention()
    strongest = module.describe(x, module._places(x.flatten(2)))
    assert strongest.shape == (2, 6, 16)
    assert (strongest[..., 6:] == 0).all()
    assert module(x).shape == x.shape


def test_position_code_is_a_table_of_sinusoids() -> None:
    code = position_code(3, 4, 4, torch.device('cpu'))
    torch.testing.assert_close(code[0], torch.tensor([0.0, 1.0, 0.0, 1.0]))
    fast, slow = torch.tensor(2.0), torch.tensor(2 / 100)
    torch.testing.assert_close(code[2], torch.stack([fast.sin(), fast.cos(), slow.sin(), slow.cos()]))


@pytest.mark.usefixtures('float64')
def test_central_difference_is_a_convolution_with_another_center() -> None:
    layer = CentralDifferenceConv2d(3, 4, 3, padding=1, bias=False)
    weight = layer.weight.detach().clone()
    weight[:, :, 1, 1] -= layer.theta * weight.sum(dim=(2, 3))
    x = torch.randn(2, 3, 7, 9)
    torch.testing.assert_close(layer(x), nn.functional.conv2d(x, weight, padding=1))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match='differ in length'):
        SeRankEncoder(channels=[4, 8], ranks=[4])
    with pytest.raises(ValueError, match='cannot be folded into one, because its first layers'):
        golden_network('serankdet').key_map.convert(golden_network('serankdet').official, 1)
