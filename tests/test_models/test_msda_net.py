"""What MSDA-Net has beside the figures that tests/test_models/test_golden.py compares."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

import mmirstd.registry  # noqa: F401
from mmirstd.models.backbones.msda_encoder import MSDAEncoder, MultiDirectionAwareness, MultiScaleDirectionBlock
from mmirstd.models.necks.msda_neck import NormedLocalContrast
from mmirstd.registry import MODELS
from tests.networks import network_model


def new_network() -> nn.Module:
    from mmengine.registry import init_default_scope

    init_default_scope('mmseg')
    torch.manual_seed(0)
    model = MODELS.build(network_model('msda-net'))
    model.init_weights()
    return model


def test_starts_as_the_official_code_does() -> None:
    """PyTorch's own start in the branches, what follows them and the laterals; Kaiming (fan out) everywhere else."""
    model = new_network()

    def convolutions(kind: type) -> set[nn.Conv2d]:
        return {
            c for part in model.modules() if isinstance(part, kind) for c in part.modules() if isinstance(c, nn.Conv2d)
        }

    own = convolutions(MultiScaleDirectionBlock) - convolutions(MultiDirectionAwareness)
    own |= convolutions(NormedLocalContrast)
    assert len(own) == 10 * 9 + 5 * 6
    for convolution in convolutions(nn.Module):
        weight = convolution.weight.detach()
        fan_in, fan_out = (weight[0].numel(), len(weight) * weight[0, 0].numel())
        if convolution in own:
            assert float(weight.abs().max()) <= 1 / math.sqrt(fan_in)
            assert float(weight.std()) == pytest.approx(1 / math.sqrt(3 * fan_in), rel=0.2)
        elif weight.numel() >= 100:
            assert float(weight.abs().max()) > 2 * math.sqrt(2 / fan_out)  # normal, not uniform
            assert float(weight.std()) == pytest.approx(math.sqrt(2 / fan_out), rel=0.25)
            assert float(convolution.bias.detach().abs().max()) == 0


def test_a_new_network_in_evaluation_mode_is_no_explosion() -> None:
    model = new_network().eval()
    with torch.no_grad():
        logits = model.decode_head(model.extract_feat(torch.rand(1, 1, 64, 64)))
    assert float(logits.abs().max()) < 1000  # with Kaiming everywhere it was millions


def test_another_initialization_is_for_all() -> None:
    encoder = MSDAEncoder(channels=[16, 32, 32], init_cfg=dict(type='Constant', layer='Conv2d', val=0.5))
    encoder.init_weights()
    assert {
        float(c.weight.detach().mean()) for stage in encoder.stages for c in stage.modules() if isinstance(c, nn.Conv2d)
    } == {0.5}
