"""Trainings start from the weights that the official codes start from: how these are drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import pytest
import torch
from mmengine.registry import init_default_scope
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

import mmirstd.registry  # noqa: F401
from mmirstd.registry import MODELS
from tests.networks import network_model

# Standard deviation of a weight, from the numbers of products of an output and of an input.
LAWS: dict[str, Callable[[int, int], float]] = {
    'PyTorch': lambda fan_in, fan_out: math.sqrt(1 / (3 * fan_in)),
    'Kaiming, fan in': lambda fan_in, fan_out: math.sqrt(2 / fan_in),
    'Kaiming, fan out': lambda fan_in, fan_out: math.sqrt(2 / fan_out),
    'Xavier': lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out)),
    'narrow': lambda fan_in, fan_out: 0.02,
}


def started(name: str) -> nn.Module:
    config = network_model(name)
    init_default_scope('mmdet' if 'bbox_head' in config else 'mmseg')
    torch.manual_seed(0)
    model = MODELS.build(config)
    model.init_weights()
    return model


def convolutions(model: nn.Module) -> Iterator[tuple[str, _ConvNd]]:
    for key, module in model.named_modules():
        if isinstance(module, _ConvNd) and 'offset' not in key:  # offsets of deformable convolutions start at 0
            yield key, module


def check_spread(values: list[Tensor], uniform: bool = False) -> None:
    """Values that were divided by their standard deviation: whether it is 1, within 5 times the error of n draws.

    The relative error of a root mean square is sqrt((kurtosis - 1) / 4n): kurtosis 3 if normal, 1.8 if uniform.
    """
    drawn = torch.cat([value.detach().double().flatten() for value in values])
    error = math.sqrt((0.8 if uniform else 2) / (4 * len(drawn)))
    assert float(drawn.square().mean().sqrt()) == pytest.approx(1, abs=5 * error)


def fan_in(layer: _ConvNd) -> int:
    return layer.weight[0].numel()


def check_weights(layers: list[tuple[str, _ConvNd]], law: str) -> None:
    """Each large layer alone, and all together."""
    uniform = law == 'PyTorch'
    values = []
    for key, layer in layers:
        std = LAWS[law](fan_in(layer), layer.weight.shape[0] * layer.weight[0, 0].numel())
        values.append(layer.weight / std)
        if uniform:
            assert float(values[-1].detach().abs().max()) <= math.sqrt(3) * (1 + 1e-5), key
        if layer.weight.numel() >= 1000:
            check_spread(values[-1:], uniform)
    check_spread(values, uniform)


def check_biases(layers: list[tuple[str, _ConvNd]]) -> None:
    """As PyTorch draws them: uniformly within 1 / sqrt(fan_in)."""
    biases = [layer.bias * math.sqrt(3 * fan_in(layer)) for _, layer in layers if layer.bias is not None]
    for bias in biases:
        assert float(bias.detach().abs().min()) > 0
        assert float(bias.detach().abs().max()) <= math.sqrt(3) * (1 + 1e-5)
    check_spread(biases, uniform=True)


@pytest.mark.parametrize(
    'name',
    [
        'abc',
        'alcnet-dtum',
        'dnanet-dtum',
        'hcf-net',
        'isnet',
        'lrrnet',
        'mshnet-nsfpn',
        'resunet-dtum',
        'resunet-rfr',
        'uiu-net',
        'unet',
    ],
)
def test_as_pytorch_made_it(name: str) -> None:
    """Official codes without any initialization; ISNet's draws its gated convolutions by Xavier."""
    found = [(key, layer) for key, layer in convolutions(started(name)) if isinstance(layer, nn.Conv2d)]
    gated = [(key, layer) for key, layer in found if key.endswith('.gate.conv')]
    assert len(gated) == (3 if name == 'isnet' else 0)
    if gated:
        check_weights(gated, 'Xavier')
    layers = [(key, layer) for key, layer in found if (key, layer) not in gated]
    assert len(layers) > 20
    check_weights(layers, 'PyTorch')
    check_biases(layers)


@pytest.mark.parametrize(
    ('name', 'law'),
    [
        ('agpcnet', 'Kaiming, fan out'),
        ('dnanet', 'Xavier'),
        ('drpca-net', 'Xavier'),
        ('l-rpcanet', 'Xavier'),
        ('mrf3net', 'narrow'),
        ('rpcanet', 'Xavier'),
        ('rpcanet-pp', 'Xavier'),
        ('sctransnet', 'Kaiming, fan in'),
    ],
)
def test_weights_drawn_and_biases_left(name: str, law: str) -> None:
    """Official codes that draw the weights and leave the biases as PyTorch made them."""
    layers = [(key, layer) for key, layer in convolutions(started(name)) if isinstance(layer, nn.Conv2d)]
    assert len(layers) > 20
    check_weights(layers, law)
    check_biases(layers)


def test_istdu_net() -> None:
    """Kaiming (fan out) in the stages and the attentions, PyTorch's own in the stem, the decoder and the head."""
    model = started('istdu-net')
    flat = [(key, layer) for key, layer in convolutions(model) if isinstance(layer, nn.Conv2d)]
    drawn = [(key, layer) for key, layer in flat if key.startswith(('backbone.stages', 'neck.laterals'))]
    plain = [(key, layer) for key, layer in flat if (key, layer) not in drawn]
    assert len(plain) == 6
    assert len(drawn) == 87
    check_weights(plain, 'PyTorch')
    check_weights(drawn, 'Kaiming, fan out')
    check_biases(flat)
    for attention in model.neck.laterals:
        channels = attention.query.in_channels
        assert torch.equal(attention.keys.weight, attention.values.weight.transpose(0, 1))
        check_spread([attention.values.weight / math.sqrt(2 / channels)])


@pytest.mark.parametrize('name', ['stmenet', 'tdcnet', 'tridos', 'yolo-bp'])
def test_narrow_normal(name: str) -> None:
    """All convolutions, in time too, and the scales of 2-D norms; no prior in the head.  YOLO-BP starts as SSTNet."""
    model = started(name)
    layers = list(convolutions(model))
    check_weights(layers, 'narrow')
    check_biases(layers)
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    check_spread([(norm.weight - 1) / 0.02 for norm in norms])
    assert all(bool((norm.bias == 0).all()) for norm in norms)
    assert all(bool((m.weight == 1).all()) for m in model.modules() if isinstance(m, nn.BatchNorm3d))
