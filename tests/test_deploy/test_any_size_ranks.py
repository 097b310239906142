"""SeRankDet's ranks for images of any size, and files of networks whose results jump with the ranks."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.registry import init_default_scope
from torch import nn

from mmirstd.apis import IRSTDInferencer
from mmirstd.apis.exporting import apart, compare, graph_of
from mmirstd.deploy.any_size_ranks import AnySizeRanks, first_of_largest
from mmirstd.deploy.graph_files import write_graph
from mmirstd.deploy.session import is_installed
from mmirstd.models.layers import RankAttention
from mmirstd.registry import MODELS
from tests.test_configs.configs import load
from tests.test_deploy.zoo import NETWORKS


def features(*shape: int) -> torch.Tensor:
    """As after ReLU: half of the places are 0, and other values come twice, too."""
    return (torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 4).round().relu() / 4


@pytest.mark.parametrize('per_sample', [False, True])
@pytest.mark.parametrize('size', [(12, 12), (9, 31), (2, 3)])
def test_the_layer_s_own_results(size: tuple[int, int], per_sample: bool) -> None:
    """In float64: also with fewer pixels than ranks."""
    torch.manual_seed(0)
    attention = RankAttention(32, per_sample, stable=True).double()
    x = features(2, 6, *size)
    with torch.no_grad():
        torch.testing.assert_close(AnySizeRanks(attention)(x), attention(x), rtol=0, atol=1e-12)


@pytest.mark.parametrize('count', [1, 7, 40])
def test_of_equal_values_the_first(count: int) -> None:
    x = features(2, 5, 40)
    assert (x == 0).sum(dim=2).max() > 10
    expected = x.sort(dim=2, descending=True, stable=True).indices[..., :count].sort(dim=2).values
    assert torch.equal(first_of_largest(x, count), expected)


@pytest.fixture(scope='module')
def small() -> IRSTDInferencer:
    """SeRankDet with few channels; the deepest level of a small image has fewer places than ranks."""
    cfg = copy.deepcopy(load(NETWORKS['serankdet']).model)
    channels = [4, 8, 8, 8, 8]
    cfg.backbone.update(channels=channels, ranks=[64, 48, 32, 24, 32])
    cfg.neck.in_channels = channels
    cfg.decode_head.in_channels = [4, *channels]
    init_default_scope('mmseg')
    torch.manual_seed(0)
    return IRSTDInferencer(MODELS.build(cfg).eval(), device='cpu')


def test_who_decides_among_equals_is_said(small: IRSTDInferencer, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(IRSTDInferencer, '_say', lambda self, text: said.append(text))
    graph_of(small)
    assert len(said) == 1
    assert 'of equal values the file takes those that come first' in said[0]
    stable = IRSTDInferencer(copy.deepcopy(small.model), device='cpu')
    for layer in stable.model.modules():
        if isinstance(layer, RankAttention):
            layer.stable = True
    said.clear()
    graph_of(stable)
    assert said == []


@pytest.mark.parametrize('runtime', ['onnxruntime', 'openvino'])
def test_a_file_that_takes_others_of_equal_values_is_found(
    runtime: str, small: IRSTDInferencer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Equal on one of several images is enough, but a wrong file is equal on none."""
    pytest.importorskip('onnx')
    if not is_installed(runtime):
        pytest.skip(f'{runtime} is not installed')
    graph, description = graph_of(small)
    write_graph(graph, tmp_path / 'x.onnx', description)
    assert compare(graph, tmp_path / 'x.onnx', runtime).equal

    def last_of_largest(x: torch.Tensor, count: Any) -> torch.Tensor:
        return x.shape[2] - 1 - first_of_largest(x.flip(2), count).flip(2)

    monkeypatch.setattr('mmirstd.deploy.any_size_ranks.first_of_largest', last_of_largest)
    assert not compare(graph, tmp_path / 'x.onnx', runtime).equal


def test_exchanged_ranks_are_no_difference(small: IRSTDInferencer) -> None:
    """Of a network with ranks the first image may differ; of another none may."""
    graph, _ = graph_of(small)
    first = graph.example(32, 32, batch=1)[0]

    def outputs(inputs: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        probability, *others = graph(*inputs)
        return probability + (0.5 if torch.equal(inputs[0], first) else 0), *others

    with torch.no_grad():
        assert apart(graph, copy.deepcopy(graph).double(), outputs, (32, 32), 1)[0] == 0
        for layer in list(graph.modules()):
            for name, child in layer.named_children():
                if isinstance(child, AnySizeRanks):
                    setattr(layer, name, nn.Identity())
        assert apart(graph, copy.deepcopy(graph).double(), outputs, (32, 32), 1)[0] == pytest.approx(0.5)
