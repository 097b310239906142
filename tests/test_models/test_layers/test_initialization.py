from __future__ import annotations

import pytest
import torch
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from mmengine.registry import init_default_scope

import mmirstd.models.layers  # noqa: F401
from mmirstd.registry import MODELS


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


def yolox_head(init_cfg: dict | None) -> BaseModule:
    options = {} if init_cfg is None else dict(init_cfg=init_cfg)
    init_default_scope('mmdet')  # the head's losses
    torch.manual_seed(0)
    head: BaseModule = MODELS.build(
        dict(type='mmdet.YOLOXHead', num_classes=2, in_channels=16, feat_channels=16, strides=[8, 16], **options)
    )
    head.init_weights()
    return head


def test_small_predictions_are_mmdets_start_but_for_the_layers_that_predict() -> None:
    stock, small = yolox_head(None), yolox_head(dict(type='mmirstd.SmallPredictionInit', std=0.01))
    bound = 1 / (16 * 3 * 3) ** 0.5
    for name, value in small.named_parameters():
        other = dict(stock.named_parameters())[name]
        if name.endswith('bias'):
            assert torch.equal(value, other), name  # the prior of the scores, else 0
        elif 'multi_level_conv_' in name:
            assert value.std() < 0.02 < other.std(), name
        elif '.conv.' in name:
            assert value.abs().max() <= bound, name
            assert value.std() > 0.5 * bound, name


def test_without_a_size_of_predictions_the_start_is_mmdets_bit_for_bit() -> None:
    stock, same = yolox_head(None), yolox_head(dict(type='mmirstd.SmallPredictionInit', std=None))
    for (name, expected), value in zip(stock.named_parameters(), same.parameters(), strict=True):
        assert torch.equal(value, expected), name


def test_small_predictions_of_the_first_step_hardly_differ_between_places() -> None:
    feats = tuple(torch.randn(2, 16, size, size) for size in (12, 6))
    spread = [
        max(
            float(out.detach().std(dim=(0, 2, 3)).max())
            for level in yolox_head(init_cfg).train()(feats)
            for out in level
        )
        for init_cfg in (dict(type='mmirstd.SmallPredictionInit'), None)
    ]
    assert spread[0] < 0.1 < spread[1]


def test_a_module_that_predicts_nothing_is_named() -> None:
    with pytest.raises(ValueError, match='Part has no convolution outside of a ConvModule'):
        Part(dict(type='mmirstd.SmallPredictionInit')).init_weights()
