"""Weights of the warm-up predict as they were validated."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.logging import MessageHub
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmirstd.apis.model_loading import load_weights
from mmirstd.engine.hooks import CheckpointGuardHook
from mmirstd.models.decode_heads import WarmUpHead


def head() -> WarmUpHead:
    loss = dict(type='mmirstd.SLSIoULoss', warm_epoch=2)
    return WarmUpHead(in_channels=[4, 8], in_index=[0, 1], channels=4, warm_epoch=2, loss_decode=loss)


@pytest.mark.parametrize('epoch', [0, 2, 3])
@pytest.mark.parametrize('way', ['test', 'inference'])
def test_what_is_loaded_is_what_was_validated(epoch: int, way: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    trained, loaded = head(), head()
    inputs = [torch.randn(1, 4, 16, 16), torch.randn(1, 8, 8, 8)]
    mask = torch.zeros(1, 16, 16, dtype=torch.long)
    mask[:, 5:8, 5:8] = 1
    hub = MessageHub.get_instance('warm-up')
    hub.update_info('epoch', epoch)
    sample = SegDataSample(gt_sem_seg=PixelData(data=mask))
    trained.loss(inputs, [sample], {})
    checkpoint = dict(meta=dict(epoch=epoch + 1), state_dict=trained.state_dict())
    if way == 'test':
        runner = SimpleNamespace(_resume=False, model=loaded)
        CheckpointGuardHook().after_load_checkpoint(runner, checkpoint)
        loaded.load_state_dict(checkpoint['state_dict'])
    else:
        torch.save(checkpoint, tmp_path / 'a.pth')
        load_weights(loaded, str(tmp_path / 'a.pth'))
    assert trained.fusion_predicts == (epoch > 2)
    torch.testing.assert_close(loaded(inputs), trained(inputs))


def test_weights_without_a_training_are_done_with_it(tmp_path: Path) -> None:
    torch.save(dict(state_dict=head().state_dict()), tmp_path / 'a.pth')
    loaded = head()
    load_weights(loaded, str(tmp_path / 'a.pth'))
    assert loaded.fusion_predicts
