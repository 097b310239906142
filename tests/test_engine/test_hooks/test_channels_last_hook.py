from __future__ import annotations

from types import SimpleNamespace

import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import nn

from mmirstd.engine import ChannelsLastHook


def network(width: int = 4) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(1, width, 3, padding=1), nn.BatchNorm2d(width), nn.Conv2d(width, 2, 3, padding=1))


def test_channels_last_changes_layout_but_not_results():
    torch.manual_seed(0)
    model = network().eval()
    image = torch.rand(2, 1, 9, 7)
    expected = model(image)
    ChannelsLastHook().before_test(SimpleNamespace(model=model))
    assert model[2].weight.is_contiguous(memory_format=torch.channels_last)
    out = model(image)
    assert out.is_contiguous(memory_format=torch.channels_last)  # without converting the input
    torch.testing.assert_close(out, expected, rtol=1e-5, atol=1e-6)


def test_channels_last_reaches_the_state_of_several_optimizers():
    model = network()
    optimizers = [torch.optim.AdamW(layer.parameters()) for layer in (model[0], model[2])]
    model(torch.rand(1, 1, 8, 8)).sum().backward()
    for optimizer in optimizers:
        optimizer.step()
    wrappers = OptimWrapperDict(**{str(i): OptimWrapper(optimizer) for i, optimizer in enumerate(optimizers)})
    ChannelsLastHook().before_train(SimpleNamespace(model=model, optim_wrapper=wrappers))
    state = optimizers[1].state[model[2].weight]
    assert state['exp_avg'].stride() == model[2].weight.stride()


def test_channels_last_reaches_resumed_optimizer_state():
    model = network()
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.rand(1, 1, 8, 8)).sum().backward()
    optimizer.step()
    values = optimizer.state[model[2].weight]['exp_avg'].clone()
    runner = SimpleNamespace(model=model, optim_wrapper=SimpleNamespace(optimizer=optimizer))
    ChannelsLastHook().before_train(runner)
    state = optimizer.state[model[2].weight]
    assert state['exp_avg'].stride() == model[2].weight.stride()
    assert torch.equal(state['exp_avg'], values)
