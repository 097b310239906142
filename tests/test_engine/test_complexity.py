from __future__ import annotations

import torch
from torch import nn

from mmirstd.engine.complexity import describe_network, inference_parameters


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


def test_no_network_and_no_tensor_mode() -> None:
    assert inference_parameters(Network(), torch.ones(1, 2, 8, 6)) == 76
    network = Network(broken=True)
    assert describe_network(network, dict(inputs=torch.ones(2, 8, 6))) == dict(
        parameters=106, inference_parameters=None, flops=None, input=None
    )
