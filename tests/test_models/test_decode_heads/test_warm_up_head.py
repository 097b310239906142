from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from mmengine.logging import MessageHub

from mmirstd.models.decode_heads import WarmUpHead

from .test_irstd_head import data_samples, features

pytestmark = pytest.mark.usefixtures('float64')


@pytest.fixture
def hub(request: pytest.FixtureRequest) -> Iterator[MessageHub]:
    """A message hub of its own, as each runner makes one, and the old one back afterward."""
    before = MessageHub._instance_dict.copy()
    yield MessageHub.get_instance(request.node.name)
    MessageHub._instance_dict.clear()
    MessageHub._instance_dict.update(before)


def test_first_level_alone_in_the_warm_up_then_all(hub: MessageHub) -> None:
    head = WarmUpHead([8, 16, 32], in_index=[0, 1, 2], warm_epoch=1, level_weights=[0.25] * 4)
    x, samples = features(), data_samples()
    fused, finest = head.level_logits(x)[:2]
    torch.testing.assert_close(head(x), fused)  # only loaded: nothing warms up

    hub.update_info('epoch', 1)
    losses = head.loss(x, samples, {})
    torch.testing.assert_close(losses, head.loss_by_feat(finest, samples))
    torch.testing.assert_close(head(x), finest)
    losses['loss_soft_iou'].backward()
    assert head.conv_seg.weight.grad.abs().sum() > 0
    for idle in (head.fusion, *head.aux_convs):
        assert idle.weight.grad.abs().sum() == 0

    hub.update_info('epoch', 2)
    loss = head.loss(x, samples, {})['loss_soft_iou']
    maps = head.level_logits(x)
    torch.testing.assert_close(maps[0], fused)
    torch.testing.assert_close(loss, sum(head.loss_by_feat(m, samples)['loss_soft_iou'] for m in maps) / 4)
    torch.testing.assert_close(head(x), fused)
