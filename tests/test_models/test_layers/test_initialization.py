from __future__ import annotations

import torch
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule

import mmirstd.models.layers  # noqa: F401


class Part(BaseModule):
    def __init__(self, init_cfg: dict | None) -> None:
        super().__init__(init_cfg)
        self.conv = ConvModule(4, 64, 3)


def bound_is_kept(part: Part) -> bool:
    """Whether the weights are within what PyTorch draws from: 1 / sqrt(products of an output)."""
    part.init_weights()
    return bool(part.conv.conv.weight.abs().max() <= 1 / (4 * 3 * 3) ** 0.5)


def test_pytorchs_own_start_outlasts_that_of_conv_module() -> None:
    """mmengine calls ConvModule's own initialization after that of the module it stands in."""
    torch.manual_seed(0)
    assert not bound_is_kept(Part(None))
    assert bound_is_kept(Part(dict(type='mmirstd.PyTorchInit', within='Part')))
