"""What MRF3Net has beside the figures that tests/test_models/test_golden.py compares."""

from __future__ import annotations

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from torch.nn import functional as F

from mmirstd.models.backbones import MRF3Encoder
from mmirstd.models.backbones.mrf3_encoder import CutDown, MultiReceptiveField
from mmirstd.models.decode_heads import MRF3Head
from mmirstd.models.decode_heads.mrf3_head import as_target_logits, inner_edges
from mmirstd.models.losses import BinaryCrossEntropyLoss, MeanIoULoss

pytestmark = pytest.mark.usefixtures('float64')


def test_one_logit_stands_for_two_classes() -> None:
    classes = torch.randn(2, 2, 5, 6)
    truth = (torch.rand(2, 5, 6) > 0.7).long()
    logits = as_target_logits(classes)
    torch.testing.assert_close(logits.sigmoid()[:, 0], classes.softmax(dim=1)[:, 1])
    torch.testing.assert_close(BinaryCrossEntropyLoss()(logits, truth), F.cross_entropy(classes, truth))


def test_mean_iou_loss_is_that_of_both_classes() -> None:
    classes = torch.randn(3, 2, 6, 7)
    truth = (torch.rand(3, 6, 7) > 0.7).long()
    truth[2] = 0
    prob, hot = classes.softmax(dim=1), F.one_hot(truth, 2).permute(0, 3, 1, 2)
    intersection = (prob * hot).sum(dim=(2, 3))
    iou = intersection / (prob + hot - prob * hot).sum(dim=(2, 3))
    torch.testing.assert_close(MeanIoULoss()(as_target_logits(classes), truth), 1 - iou.mean())
    assert MeanIoULoss()(as_target_logits(classes[2:]), truth[2:]) > 0.5


def test_ignored_pixels_do_not_count_in_the_mean_iou() -> None:
    logits = torch.randn(1, 1, 4, 6)
    truth = (torch.rand(1, 4, 6) > 0.5).long()
    padded = truth.clone()
    padded[..., 4:] = 255
    torch.testing.assert_close(MeanIoULoss()(logits, padded), MeanIoULoss()(logits[..., :4], truth[..., :4]))


def test_edges_are_target_pixels_beside_background() -> None:
    mask = torch.zeros(1, 1, 6, 8, dtype=torch.long)
    mask[..., 1:5, 1:5] = 1
    mask[..., 5:] = 255
    edges = inner_edges(mask, 255)
    expected = mask.clone()
    expected[..., 2:4, 2:5] = 0  # the inside; pixels beside ignored ones are none of the border for that
    assert torch.equal(edges, expected)


def test_a_cut_keeps_all_pixels() -> None:
    layer = CutDown(2)
    x = torch.randn(1, 2, 4, 6)
    seen = []
    layer.join.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    layer.eval()(x)
    (joined,) = seen
    assert joined.shape == (1, 10, 2, 3)
    torch.testing.assert_close(joined[:, :8].flatten().sort().values, x.flatten().sort().values)
    torch.testing.assert_close(joined[0, 2, 1, 1], x[0, 0, 3, 2])  # the lower left pixel of a square comes second


def test_the_first_quarter_has_its_own_kernel_on_request() -> None:
    assert [conv.conv.kernel_size[0] for conv in MultiReceptiveField(32, pointwise=True).convs] == [3, 5, 7, 1]
    shared = MultiReceptiveField(32, pointwise=False)
    assert [conv.conv.kernel_size[0] for conv in shared.convs] == [3, 5, 7]
    x = torch.randn(1, 32, 6, 6)
    for block in (shared, MultiReceptiveField(32, pointwise=True)):
        assert block.eval()(x).shape == x.shape


def test_side_maps_and_edges_have_their_losses() -> None:
    head = MRF3Head(in_channels=[8, 16], in_index=[0, 1])
    mask = torch.zeros(1, 8, 8, dtype=torch.long)
    mask[:, 2:6, 2:6] = 1
    sample = SegDataSample(gt_sem_seg=PixelData(data=mask), metainfo=dict(img_shape=(8, 8), ori_shape=(8, 8)))
    features = (torch.randn(2, 8, 8, 8), torch.randn(2, 16, 4, 4))
    losses = head.loss(features, [sample, sample], {})
    masks, edges = head.class_logits(features)
    target = mask[None].repeat(2, 1, 1, 1)
    side = 0.01 * MeanIoULoss()(as_target_logits(masks[1]), target[:, 0, ::2, ::2])
    torch.testing.assert_close(losses['loss_side'], side)
    border = inner_edges(target, 255)[:, 0]
    expected = F.cross_entropy(edges[0], border) + F.cross_entropy(edges[1], border[:, ::2, ::2])
    torch.testing.assert_close(losses['loss_edge'], 0.01 * expected)
    assert {'loss_side', 'loss_edge'} < set(losses)


def test_a_wrong_size_is_refused() -> None:
    with pytest.raises(ValueError, match='divisible by 4'):
        MRF3Encoder(channels=[32, 64, 128])(torch.rand(1, 1, 30, 32))
