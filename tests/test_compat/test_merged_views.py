"""What mmseg's test-time augmentation merges is what a metric measures."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmseg.models.segmentors import SegTTAModel
from mmseg.structures import SegDataSample

from mmirstd.evaluation.maps import map_of
from tests.test_apis.helpers import conv_net

SIZE = (64, 96)


def views(model: torch.nn.Module, logits: torch.Tensor) -> list[SegDataSample]:
    """(2, C, H, W) of an image and of its mirror image -> their samples, as a network's test step makes them."""
    flips = [dict(flip=False), dict(flip=True, flip_direction='horizontal')]
    samples = [SegDataSample(metainfo=dict(flip, ori_shape=SIZE, img_path='scene.png')) for flip in flips]
    return model.postprocess_result(logits, samples)


@pytest.mark.parametrize('channels', [1, 2, 3])
def test_the_result_is_the_mean_of_the_views(channels: int) -> None:
    model = conv_net()
    model.decode_head.threshold = 0.5
    model.out_channels = channels
    logits = 3 * torch.randn(2, channels, *SIZE, generator=torch.Generator().manual_seed(0))
    [merged] = SegTTAModel(module=model).merge_preds([views(model, logits)])
    turned = torch.stack([logits[0], logits[1].flip(2)])
    mean = (turned.sigmoid() if channels == 1 else turned.softmax(dim=1)).mean(dim=0)
    decided = mean > 0.5 if channels == 1 else mean.argmax(dim=0, keepdim=True)
    assert torch.equal(merged.pred_sem_seg.data.reshape(SIZE).long(), decided.reshape(SIZE).long())
    if channels < 3:
        np.testing.assert_allclose(map_of(merged.seg_logits), mean[-1].numpy(), rtol=1e-5)
    else:
        assert torch.equal(merged.seg_logits.data.argmax(dim=0), decided[0])
    assert 'target_logits' not in merged  # they would be those of one view
