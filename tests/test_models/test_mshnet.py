"""MSHNet against the figures of the authors' implementation."""

from __future__ import annotations

import pytest
import torch
from mmseg.structures import SegDataSample
from torch import Tensor

from tests.golden import golden_input
from tests.golden_network import GoldenNetwork


@pytest.fixture(scope='module')
def network() -> GoldenNetwork:
    network = GoldenNetwork('mshnet', 'mshnet')
    network.check_fill()
    return network


def official_order(levels: list[Tensor]) -> list[Tensor]:
    """The official outputs end with the fused map, ours begin with it."""
    return [*levels[1:], levels[0]]


@pytest.mark.parametrize('in_channels', [None, 1])
def test_outputs_equal_the_official_network(network: GoldenNetwork, in_channels: int | None) -> None:
    network.check_outputs(in_channels, official_order)


def test_float64_outputs_agree_to_rounding(network: GoldenNetwork) -> None:
    network.check_float64(official_order)


def test_training_forward_and_gradients_equal_the_official_network(network: GoldenNetwork) -> None:
    network.check_training(official_order)


def test_the_finest_map_predicts_during_the_warm_up(network: GoldenNetwork) -> None:
    network.check_outputs(levels=lambda levels: levels[1:2], variant='warm_flag=False (eval BN)')
    model = network.build().eval()
    image = golden_input(network.golden['input'])
    with torch.no_grad():
        fused, finest = network.logits(model, image)[:2]
        torch.testing.assert_close(model(image, mode='tensor'), fused)
        model.decode_head.fusion_predicts = False
        torch.testing.assert_close(model(image, mode='tensor'), finest)


def test_imagenet_statistics_make_three_channels_of_one(network: GoldenNetwork) -> None:
    """How the official weights are used: one gray channel, standardised three times over."""
    options = {'model.data_preprocessor.mean': [0.485, 0.456, 0.406],
               'model.data_preprocessor.std': [0.229, 0.224, 0.225]}
    model = GoldenNetwork('mshnet', 'mshnet', options).build().eval()
    gray = torch.rand(1, 32, 32)
    result, = model.test_step(dict(inputs=[gray], data_samples=[SegDataSample(metainfo=dict(
        img_shape=(32, 32), ori_shape=(32, 32)))]))
    mean, std = (torch.tensor(values)[:, None, None] for values in options.values())
    rgb = (gray - mean) / std
    with torch.no_grad():
        expected = model(rgb[None], mode='tensor').sigmoid()
    torch.testing.assert_close(result.seg_logits.data, expected[0])
