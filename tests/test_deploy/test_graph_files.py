"""Writing a graph to a file."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from mmirstd.deploy.graph_files import onnx_bytes
from mmirstd.utils.errors import UserError


class Pooled(nn.Module):
    """Of images of any size; its average over 3x3 windows of the whole image has no operator in ONNX (UPerNet)."""

    inputs = ('image',)
    outputs = ('pooled',)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return F.adaptive_avg_pool2d(image, 3)

    def example(self) -> tuple[torch.Tensor, ...]:
        return (torch.zeros(1, 1, 8, 8),)

    def dynamic_axes(self) -> dict[str, dict[int, str]]:
        return dict(image={2: 'height', 3: 'width'})


def test_a_network_without_a_graph_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    """PyTorch's exporter prints the whole graph, past sys.stdout."""
    pytest.importorskip('onnx')
    with pytest.raises(UserError, match='pooled: PyTorch has no graph of this network: .*adaptive_avg_pool2d'):
        onnx_bytes(Pooled(), SimpleNamespace(model='pooled'))
    assert capfd.readouterr() == ('', '')
