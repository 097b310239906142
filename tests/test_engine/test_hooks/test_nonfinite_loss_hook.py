from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from mmirstd.compat.checkpoint import load_checkpoint_file
from mmirstd.engine.checkpoint_files import newest_checkpoint
from mmirstd.engine.hooks import NonFiniteLossHook
from mmirstd.engine.hooks.nonfinite_loss_hook import batch_files
from mmirstd.utils.errors import UserError
from tests.test_engine.small_runner import small_runner, two_optimizers


@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
def test_it_stops_before_the_weights_are_spoiled(tmp_path: Path, value: float) -> None:
    data = [torch.ones(1)] * 4 + [torch.full((1,), value)]
    loader = dict(dataset=data, sampler=dict(type='DefaultSampler', shuffle=False), batch_size=1)
    run = small_runner(tmp_path, epochs=2, train_dataloader=loader)
    run.register_hook(NonFiniteLossHook())
    with pytest.raises(UserError, match=r'in epoch 1, iteration 5, so the training stops; the input') as caught:
        run.train()
    saved = tmp_path / 'nonfinite_loss_iter_5.pth'
    assert str(saved) in str(caught.value)
    state = load_checkpoint_file(saved)
    for key, weight in run.model.state_dict().items():
        assert torch.isfinite(weight).all()
        assert torch.equal(state['state_dict'][key], weight)
    assert not math.isfinite(state['meta']['nonfinite_loss']['loss'])
    with pytest.raises(UserError, match='holds no checkpoint'):
        newest_checkpoint(str(tmp_path))  # --resume takes no such state


def test_spoiled_weights_are_named(tmp_path: Path) -> None:
    run = small_runner(tmp_path)
    run.model.layer.bias.data.fill_(math.nan)
    run.register_hook(NonFiniteLossHook())
    with pytest.raises(UserError, match=r'weights are not finite either \(layer\.bias'):
        run.train()


def test_each_of_several_optimizers_is_looked_at(tmp_path: Path) -> None:
    run = small_runner(tmp_path, **two_optimizers())
    run.model.other.bias.data.fill_(math.nan)
    run.register_hook(NonFiniteLossHook())
    with pytest.raises(UserError, match=r'weights are not finite either \(other\.bias'):
        run.train()
    state = load_checkpoint_file(tmp_path / 'nonfinite_loss_iter_1.pth')
    assert set(state['optimizer']) == {'one', 'other'}


def test_finite_losses_train_as_without_it(tmp_path: Path) -> None:
    ends = []
    for number, hooks in enumerate(([], [NonFiniteLossHook()])):
        run = small_runner(tmp_path / str(number))
        torch.nn.init.ones_(run.model.layer.weight)
        torch.nn.init.ones_(run.model.layer.bias)
        for hook in hooks:
            run.register_hook(hook)
        run.train()
        ends.append(run.model.layer.weight.item())
    assert ends[0] == ends[1]
    assert 'update_params' not in vars(run.optim_wrapper)


def test_names_of_files() -> None:
    samples = [
        SimpleNamespace(metainfo=dict(img_path='a.png')),
        SimpleNamespace(metainfo=dict(img_path='c.png', img_paths=['b.png', 'c.png'])),
        SimpleNamespace(metainfo={}),
    ]
    assert batch_files(dict(inputs=[], data_samples=samples)) == ['a.png', 'b.png', 'c.png']
    assert batch_files(torch.ones(1)) == []
