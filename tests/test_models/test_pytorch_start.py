"""Networks that start as their official codes do, which leave every convolution as PyTorch made it."""

from __future__ import annotations

import math

import pytest
import torch
from mmengine.registry import init_default_scope
from torch import nn

import mmirstd.registry  # noqa: F401
from mmirstd.registry import MODELS
from tests.networks import network_model


@pytest.mark.parametrize('name', ['uiu-net', 'isnet'])
def test_start(name: str) -> None:
    init_default_scope('mmseg')
    torch.manual_seed(0)
    model = MODELS.build(network_model(name))
    model.init_weights()
    wide = 0
    for key, module in model.named_modules():
        if type(module) is not nn.Conv2d or 'offset' in key:  # offsets of deformable convolutions start at 0
            continue
        weight = module.weight.detach()
        fan_in = weight[0].numel()
        assert float(weight.abs().max()) <= 1 / math.sqrt(fan_in), key
        if weight.numel() >= 1000:
            assert float(weight.std()) == pytest.approx(1 / math.sqrt(3 * fan_in), rel=0.2), key
            wide += 1
    assert wide > 20
