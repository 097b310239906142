from __future__ import annotations

import pytest
import torch
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData

from mmirstd.models.decode_heads import IRSTDHead


@pytest.fixture(autouse=True)
def _scope() -> None:
    init_default_scope('mmseg')


def data_samples(size: int = 16) -> list:
    from mmseg.structures import SegDataSample
    mask = torch.zeros(1, size, size, dtype=torch.long)
    mask[:, 4:7, 4:7] = 1
    return [SegDataSample(gt_sem_seg=PixelData(data=mask)) for _ in range(2)]


def features() -> list[torch.Tensor]:
    return [torch.rand(2, 8, 16, 16), torch.rand(2, 16, 8, 8), torch.rand(2, 32, 4, 4)]


def test_one_logit_map() -> None:
    head = IRSTDHead(8, channels=4)
    assert head(features()).shape == (2, 1, 16, 16)
    losses = head.loss(features(), data_samples(), {})
    assert list(losses) == ['loss_soft_iou']
    assert 0 < float(losses['loss_soft_iou']) < 1


def test_deep_supervision_adds_weighted_losses_and_keeps_the_prediction() -> None:
    torch.manual_seed(0)
    single = IRSTDHead(8)
    deep = IRSTDHead([8, 16, 32], in_index=[0, 1, 2], level_weights=[1.0, 0.5, 0.0])
    deep.load_state_dict(single.state_dict(), strict=False)
    x = features()
    torch.testing.assert_close(deep(x), single(x))
    total = deep.loss(x, data_samples(), {})['loss_soft_iou']
    second = IRSTDHead(16, in_index=1)
    second.conv_seg.load_state_dict(deep.aux_convs[0].state_dict())
    expected = single.loss(x, data_samples(), {})['loss_soft_iou'] + 0.5 * second.loss(
        x, data_samples(), {})['loss_soft_iou']
    torch.testing.assert_close(total, expected)


def test_several_losses_are_logged_by_name() -> None:
    head = IRSTDHead(8, loss_decode=[
        dict(type='mmirstd.SoftIoULoss'),
        dict(type='mmirstd.SoftIoULoss', per_sample=False, loss_name='loss_batch_iou', loss_weight=0.5)])
    assert set(head.loss(features(), data_samples(), {})) == {'loss_soft_iou', 'loss_batch_iou'}


def test_lists_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match='equally long'):
        IRSTDHead([8, 16], in_index=[0])
