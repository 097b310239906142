"""Every network of the zoo as PyTorch's exported program gives its results, at sizes it was not made with."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from mmirstd.apis.exporting import export_model, graph_of
from mmirstd.deploy.export_limits import NO_PROGRAM, reason_against
from mmirstd.deploy.graph_description import KEY, GraphDescription
from mmirstd.deploy.graph_files import write_graph
from mmirstd.utils.errors import ConfigError, UserError
from tests.shared import REPO
from tests.test_deploy.zoo import NETWORKS, clip_exports, clip_inferencer, inferencer, require_programs

require_programs()


@pytest.fixture(scope='module', autouse=True)
def recorded_objects_are_left_alone() -> Iterator[None]:
    """``torch.export`` keeps what it recorded (PyTorch 2.13): millions of objects in the end.

    Later tests in this process would visit them in each ``gc.collect()``, which mmengine calls for every data set; that
    took 2.8 s each time.
    """
    yield
    gc.collect()
    gc.freeze()


#: As PyTorch runs the same operations, little more than nothing; a wrong size or branch is more.
TOLERANCE = 1e-4


@torch.no_grad()
def assert_program_is_the_network(graph: Any, description: GraphDescription, file: Path) -> None:
    """At a square size, another one and one of a single stride, in which the deepest maps are a pixel wide."""
    write_graph(graph, file, description, 'exported-program')
    kept = {KEY: ''}
    program = torch.export.load(file, extra_files=kept).module()
    assert GraphDescription.from_json(kept[KEY], file.name) == description
    step = max(graph.divisor, 32)
    spread = 0.0
    for size, batch in (((2 * step, 2 * step), 1), ((step + 5, 2 * step + 3), 3), ((2 * step + 1, step), 1)):
        inputs = graph.example(*size, batch=batch)
        expected, found = graph(*inputs), program(*inputs)
        for name, one, other in zip(graph.outputs, expected, found):
            torch.testing.assert_close(other, one, rtol=0, atol=TOLERANCE, msg=f'{name} at {size}')
        spread = max(spread, float(expected[0].std()))
    assert spread > 1e-3  # of a constant any network would give the same


@pytest.mark.parametrize('network', [name for name in NETWORKS if name not in ('ipi', 'pstnn')])
def test_the_program_gives_the_results_of_the_network(network: str, tmp_path: Path) -> None:
    built = inferencer(network)
    assert reason_against(built.model) is None
    assert_program_is_the_network(*graph_of(built), tmp_path / 'x.pt2')


#: Network of clips without a program, see ``NO_PROGRAM``.
REFUSED = ('lvnet',)
#: Names of what differs in training alone: the graph is that of another one here.
TRAINING_ALONE = ('dgr', 'gate', 'giou')


def clip_programs() -> list[tuple[str, bool]]:
    """Each form of each network of clips that has a graph of its own, and a program."""
    return [
        (name, stream)
        for name, stream in clip_exports()
        if name not in REFUSED and not set(name.split('-')) & set(TRAINING_ALONE)
    ]


@torch.no_grad()
@pytest.mark.parametrize(('network', 'stream'), clip_programs())
def test_the_program_gives_the_results_of_the_network_of_clips(network: str, stream: bool, tmp_path: Path) -> None:
    """In a stream the first image begins a sequence and the others go on."""
    graph, description = graph_of(clip_inferencer(network, tmp_path), stream=stream)
    file = tmp_path / 'x.pt2'
    write_graph(graph, file, description, 'exported-program')
    program = torch.export.load(file).module()
    for size, batch in (((64, 64), 1), ((37, 67), 3)):
        inputs = graph.example(*size, batch=batch)
        found = program(*inputs)
        assert graph.difference(graph.reference(*inputs), found) <= TOLERANCE
        assert [len(output) for output in found] == [len(output) for output in graph(*inputs)]
        assert min(float(output.float().std()) for output in found[:1]) > 1e-3  # a constant is no result


@pytest.mark.parametrize('network', REFUSED)
def test_what_has_no_program_is_refused(network: str, tmp_path: Path) -> None:
    """Before any work; the page says why, too."""
    built = clip_inferencer(network, tmp_path)
    found = reason_against(built.model, NO_PROGRAM)
    assert found is not None
    with pytest.raises(ConfigError, match=re.escape(found[1])):
        export_model(built, tmp_path / 'x.pt2', 'exported-program', stream=True)
    assert not (tmp_path / 'x.pt2').exists()


def test_reasons_against_a_program_are_in_the_docs() -> None:
    page = (REPO / 'docs' / 'deploy.md').read_text(encoding='utf-8')
    assert [reason for reason in NO_PROGRAM.values() if reason not in page] == []


def test_the_export_compares(tmp_path: Path) -> None:
    check = export_model(inferencer('mshnet'), tmp_path / 'x.pt2', 'exported-program')
    assert check.equal
    assert str(check).startswith('PyTorch without OpenMMLab gives the results of PyTorch on random images of 64x64')


class FixedSize(torch.nn.Module):
    """As a network that computes with sizes as Python's numbers."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: torch.Tensor) -> Any:
        """(B, C, H, W) -> features."""
        return self.model(x * int(x.shape[2]) / int(x.shape[2]))


def test_a_network_of_one_size_is_refused(tmp_path: Path) -> None:
    """What was there before stays."""
    built = inferencer('acm')
    built.model.backbone = FixedSize(built.model.backbone)
    file = tmp_path / 'x.pt2'
    file.write_bytes(b'mine')
    with pytest.raises(UserError, match=r'(?s)x\.pt2: PyTorch has fixed .* 2x71x105, it does not take 1x64x64.*onnx'):
        export_model(built, file, 'exported-program')
    assert file.read_bytes() == b'mine'
    assert list(tmp_path.iterdir()) == [file]


class NoSmallest(FixedSize):
    """As a network whose maps of one pixel PyTorch tells apart."""

    def forward(self, x: torch.Tensor) -> Any:
        """(B, C, H, W) -> features."""
        torch._check(x.shape[2] * x.shape[3] != 32 * 32)
        return self.model(x)


@pytest.mark.parametrize('wrapped', [False, True])
def test_what_is_too_small_is_told(wrapped: bool, tmp_path: Path) -> None:
    built = inferencer('acm')
    if wrapped:
        built.model.backbone = NoSmallest(built.model.backbone)
    said: list[str] = []
    built._say = said.append
    assert export_model(built, tmp_path / 'x.pt2', 'exported-program').equal
    assert [('no image of up to 32x32 pixels alone' in text) for text in said] == [True] * wrapped


def test_a_network_that_torch_cannot_record(tmp_path: Path) -> None:
    built = inferencer('acm')

    def decide(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        if inputs[0].sum() > 0:
            module.seen = True

    built.model.backbone.register_forward_pre_hook(decide)
    graph, description = graph_of(built)
    with pytest.raises(UserError, match=r'(?s)has no exported program of this network: .*cure: --format onnx'):
        write_graph(graph, tmp_path / 'x.pt2', description, 'exported-program')
    assert list(tmp_path.iterdir()) == []
