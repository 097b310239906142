"""What GGL-Net has beside the figures that tests/test_models/test_golden.py compares."""

from __future__ import annotations

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmirstd.registry import MODELS
from tests.shared import REPO


def test_every_parameter_of_the_tiny_network_learns() -> None:
    init_default_scope('mmseg')
    model = MODELS.build(Config.fromfile(REPO / 'configs/_base_/models/ggl-net-tiny.py').model)
    model(torch.rand(2, 1, 32, 32), mode='tensor').mean().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []
