from __future__ import annotations

import pytest
import torch
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData

from mmirstd.models.decode_heads import IRSTDHead

pytestmark = pytest.mark.usefixtures('float64')


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
    expected = (
        single.loss(x, data_samples(), {})['loss_soft_iou'] + 0.5 * second.loss(x, data_samples(), {})['loss_soft_iou']
    )
    torch.testing.assert_close(total, expected)


def test_several_losses_are_logged_by_name() -> None:
    head = IRSTDHead(
        8,
        loss_decode=[
            dict(type='mmirstd.SoftIoULoss'),
            dict(type='mmirstd.SoftIoULoss', per_sample=False, loss_name='loss_batch_iou', loss_weight=0.5),
        ],
    )
    assert set(head.loss(features(), data_samples(), {})) == {'loss_soft_iou', 'loss_batch_iou'}


def test_lists_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match='equally long'):
        IRSTDHead([8, 16], in_index=[0])


def test_fusion_predicts_from_all_levels_and_supervises_them_too() -> None:
    head = IRSTDHead([8, 16, 32], in_index=[0, 1, 2], kernel_size=3, fusion_kernel_size=1).eval()
    x = features()
    fused, *levels = head.level_logits(x)
    assert [tuple(level.shape[2:]) for level in levels] == [(16, 16), (8, 8), (4, 4)]
    torch.testing.assert_close(head(x), fused)
    weight, bias = head.fusion.weight.flatten(), head.fusion.bias
    resized = [torch.nn.functional.interpolate(level, (16, 16), mode='bilinear') for level in levels]
    torch.testing.assert_close(fused, sum(w * level for w, level in zip(weight, resized)) + bias)
    losses = head.loss(x, data_samples(), {})
    separate = [head.loss_by_feat(level, data_samples())['loss_soft_iou'] for level in (fused, *levels)]
    torch.testing.assert_close(losses['loss_soft_iou'], sum(separate))


def test_fusion_needs_levels() -> None:
    with pytest.raises(ValueError, match='several levels'):
        IRSTDHead(8, fusion_kernel_size=1)
    with pytest.raises(ValueError, match='one longer'):
        IRSTDHead([8, 16], in_index=[0, 1], fusion_kernel_size=1, level_weights=[1.0, 1.0])


def test_hidden_norm_and_dropout_of_single_entries() -> None:
    head = IRSTDHead(8, channels=4, hidden_kernel_size=3, norm_cfg=dict(type='BN'), dropout_ratio=0.5)
    assert [name for name, _ in head.hidden.named_parameters()] == ['conv.weight', 'bn.weight', 'bn.bias']
    dropped = head.dropout(torch.ones(1, 4, 16, 16)) == 0
    assert dropped.any(dim=(2, 3)).all()
    assert not dropped.all(dim=(2, 3)).any()
