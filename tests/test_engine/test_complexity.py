from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmirstd.engine.complexity import count_flops, describe_network, inference_parameters


class Preprocessor(nn.Module):
    def forward(self, data: dict, training: bool) -> dict:
        return dict(inputs=torch.stack(data['inputs']).float())


class Network(nn.Module):
    """A convolution of 4 x (2 * 9 + 1) parameters, and a linear layer that only training uses."""

    def __init__(self, input_frames: int | None = None, broken: bool = False) -> None:
        super().__init__()
        self.data_preprocessor = Preprocessor()
        self.conv = nn.Conv2d(2, 4, 3, padding=1)
        self.auxiliary = nn.Linear(5, 5)
        self.broken = broken
        if input_frames:
            self.input_frames = input_frames

    def forward(self, inputs: torch.Tensor, mode: str = 'tensor') -> tuple:
        assert mode == 'tensor'
        if self.broken:
            raise TypeError('needs data samples')
        return ([self.conv(inputs if inputs.dim() == 4 else inputs.flatten(0, 1))],)


def test_image() -> None:
    sample = dict(inputs=torch.ones(2, 8, 6))
    assert describe_network(Network(), sample) == dict(
        parameters=76 + 30, inference_parameters=76, flops=2 * 4 * 18 * 48, input=[2, 8, 6]
    )


def test_streaming_clip_counts_the_whole_window() -> None:
    found = describe_network(Network(input_frames=5), dict(inputs=torch.ones(1, 2, 8, 6)))
    assert found['input'] == [5, 2, 8, 6]
    assert found['flops'] == 5 * 2 * 4 * 18 * 48


def test_frozen_parameters_count_and_stay_frozen() -> None:
    network = Network()
    network.conv.requires_grad_(False)
    assert inference_parameters(network, torch.ones(1, 2, 8, 6)) == 76
    assert not any(p.requires_grad for p in network.conv.parameters())
    assert all(p.requires_grad for p in network.auxiliary.parameters())


def test_no_network_and_no_tensor_mode() -> None:
    assert inference_parameters(Network(), torch.ones(1, 2, 8, 6)) == 76
    network = Network(broken=True)
    assert describe_network(network, dict(inputs=torch.ones(2, 8, 6))) == dict(
        parameters=106, inference_parameters=None, flops=None, input=None
    )


@pytest.mark.skipif(not hasattr(torch.backends, 'mha'), reason='fused modules of attention cannot be switched off')
def test_attention_counts_whatever_kernel_computes_it() -> None:
    """Of 10 tokens with 16 channels: their projections, and two products a head."""

    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = nn.MultiheadAttention(16, 2, batch_first=True)

        def forward(self, inputs: torch.Tensor, mode: str) -> list[torch.Tensor]:
            heads = inputs.unflatten(2, (2, 8)).transpose(1, 2)
            return [self.attention(*[inputs] * 3)[0], F.scaled_dot_product_attention(heads, heads, heads)]

    products = 2 * 2 * 10 * 10 * 16
    assert count_flops(Attention(), torch.rand(1, 10, 16)) == 4 * 2 * 10 * 16 * 16 + 2 * products
    assert torch.backends.mha.get_fastpath_enabled()
    assert torch.backends.cuda.flash_sdp_enabled()
