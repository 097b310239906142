"""Weights of 2-D convolutions in channels-last order, beside those of 3-D ones."""

from __future__ import annotations

import torch
from torch import nn

from mmirstd.models.layers import to_channels_last


def test_weights_of_four_dimensions_alone() -> None:
    module = nn.ModuleList([nn.Conv2d(4, 8, 3), nn.Conv3d(4, 8, 3), nn.Linear(4, 8)])
    before = {name: value.clone() for name, value in module.state_dict().items()}
    assert to_channels_last(module) is module
    assert module[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert module[1].weight.is_contiguous()
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
