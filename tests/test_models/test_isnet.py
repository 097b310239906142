"""What ISNet has beside the figures that tests/test_models/test_golden.py compares."""

from __future__ import annotations

import torch
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmirstd.models.layers import DeformConv2dPack
from tests.golden_zoo import golden_network


def test_offsets_start_at_zero_and_learn() -> None:
    init_default_scope('mmseg')
    model = golden_network('isnet').build(training=True)
    model.init_weights()
    packs = [m for m in model.modules() if isinstance(m, DeformConv2dPack)]
    assert len(packs) == 4
    assert not any(pack.offset.weight.any() for pack in packs)
    mask = torch.zeros(1, 32, 32, dtype=torch.long)
    mask[:, 10:13, 10:12] = 1
    samples = [SegDataSample(gt_sem_seg=PixelData(data=mask)) for _ in range(2)]
    losses = model(torch.rand(2, 1, 32, 32), samples, mode='loss')
    assert set(losses) == {'decode.loss_soft_iou', 'aux.loss_edge'}
    sum(losses.values()).backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []
    assert any(pack.offset.weight.grad.any() for pack in packs)
