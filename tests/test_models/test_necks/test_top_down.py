from __future__ import annotations

import pytest
import torch

from mmirstd.models.necks import TGFM, UShapeNeck

CHANNELS = [8, 16, 32]


def pyramid(size: int = 16) -> list[torch.Tensor]:
    return [torch.rand(2, c, size // 2**i, size // 2**i, requires_grad=True) for i, c in enumerate(CHANNELS)]


@pytest.mark.parametrize('neck', [TGFM, UShapeNeck])
def test_keeps_shapes_and_reaches_every_level(neck: type) -> None:
    inputs = pyramid()
    outs = neck(CHANNELS)(inputs)
    assert [o.shape for o in outs] == [x.shape for x in inputs]
    outs[0].sum().backward()
    assert all(x.grad is not None and x.grad.abs().sum() > 0 for x in inputs)


@pytest.mark.parametrize('neck', [TGFM, UShapeNeck])
def test_deep_levels_do_not_see_shallow_ones(neck: type) -> None:
    inputs = pyramid()
    neck(CHANNELS)(inputs)[2].sum().backward()
    assert inputs[0].grad is None


def test_level_count_is_checked() -> None:
    with pytest.raises(ValueError, match='built for 3 levels, got 2'):
        TGFM(CHANNELS)(pyramid()[:2])
