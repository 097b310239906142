"""The binary cross entropy of UIU-Net and SCTransNet is mmseg's own."""

from __future__ import annotations

import pytest
from torch import Tensor

from mmirstd.registry import MODELS

from .recorded import CASES, check


@pytest.mark.parametrize('case', CASES)
@pytest.mark.parametrize(('name', 'levels'), [
    ('SCTransNet BCE single', 1), ('SCTransNet BCE tuple of 6', 6), ('UIU-Net muti_bce_loss_fusion', 7)])
def test_equals_the_official_codes(name: str, levels: int, case: str) -> None:
    loss = MODELS.build(dict(type='mmseg.CrossEntropyLoss', use_sigmoid=True))

    def recipe(logits: Tensor, target: Tensor) -> Tensor:
        return sum(loss(logits * (k + 1) / levels, target[:, 0], ignore_index=255) for k in range(levels))

    check(recipe, name, case, rel=1e-6)  # mmseg averages in float32
