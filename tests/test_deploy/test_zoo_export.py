"""Every network of the zoo as an ONNX file gives the results of PyTorch, at two sizes and in two runtimes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mmirstd.apis.exporting import compare, export_model, graph_of
from mmirstd.deploy.export_limits import NOT_EXPORTED, reason_against
from mmirstd.deploy.segmentation_graph import SegmentationGraph
from mmirstd.deploy.session import is_installed, open_session
from mmirstd.models.layers import RankAttention
from mmirstd.utils.errors import ConfigError
from tests.shared import REPO
from tests.test_deploy.zoo import NETWORKS, clip_exports, clip_inferencer, inferencer

pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')


#: Methods of which there is no file, one for each reason.
REFUSED = ('ipi', 'pstnn')


@pytest.mark.parametrize('network', NETWORKS)
def test_the_file_gives_the_results_of_the_network(network: str, tmp_path: Path) -> None:
    built = inferencer(network)
    against = reason_against(built.model)
    if against is not None:
        assert network in REFUSED
        with pytest.raises(ConfigError, match=' cannot be exported: '.join(against)):
            export_model(built, tmp_path / 'x.onnx')
        assert list(tmp_path.iterdir()) == []
        return
    check = export_model(built, tmp_path / 'x.onnx')  # raises where it is more than rounding
    assert check.equal
    assert len(set(check.sizes)) == 2
    assert any(height != width for height, width in check.sizes)
    graph, _ = graph_of(built)
    if is_installed('openvino'):
        check = compare(graph, tmp_path / 'x.onnx', 'openvino')
        assert check.equal, str(check)
    # Of a constant any network would give the same.
    image, span = graph.example(40, 56)
    found = open_session(tmp_path / 'x.onnx', 'onnxruntime', threads=1).run(
        dict(image=image.numpy(), range=span.numpy())
    )
    probability, mask = found['probability'], found['mask']
    assert probability.shape == mask.shape == (2, 40, 56)
    assert probability.std() > 1e-3
    assert torch.equal(torch.from_numpy(probability > built.threshold), torch.from_numpy(mask > 0))
    if isinstance(graph, SegmentationGraph):
        assert_copy_is_the_network(graph, built.model)


@torch.no_grad()
def assert_copy_is_the_network(graph: SegmentationGraph, model: torch.nn.Module) -> None:
    """A file is of a copy, some of whose layers are written in another way; both in float64."""
    for layer in model.modules():
        if isinstance(layer, RankAttention):
            layer.stable = True  # as the copy
    image, span = (x.double() for x in graph.double().example(40, 56))
    copied = graph(image, span)[0]
    graph.model = model.double()
    torch.testing.assert_close(copied, graph(image, span)[0], rtol=0, atol=1e-9)


def test_aligned_frames_have_no_stream(tmp_path: Path) -> None:
    built = clip_inferencer('tdcnet', tmp_path)
    with pytest.raises(ConfigError, match='aligned anew with each frame(?s:.)*without --stream'):
        export_model(built, tmp_path / 'x.onnx', stream=True)
    assert not (tmp_path / 'x.onnx').exists()


@pytest.mark.parametrize(('network', 'stream'), clip_exports())
def test_the_file_gives_the_results_of_the_network_of_clips(network: str, stream: bool, tmp_path: Path) -> None:
    built = clip_inferencer(network, tmp_path)
    check = export_model(built, tmp_path / 'x.onnx', stream=stream)  # raises where it is more than rounding
    assert check.equal
    assert len(set(check.sizes)) == 2
    assert any(height != width for height, width in check.sizes)
    if is_installed('openvino'):
        check = compare(graph_of(built, stream=stream)[0], tmp_path / 'x.onnx', 'openvino')
        assert check.equal, str(check)
    about = open_session(tmp_path / 'x.onnx', 'onnxruntime', threads=1).description
    assert about.boxes == built.boxes
    assert bool(about.states) == (stream and about.frames > 1)


def test_reasons_are_of_networks_of_the_zoo_and_in_the_docs() -> None:
    found = {reason_against(inferencer(network).model) for network in REFUSED}
    assert found == set(NOT_EXPORTED.items())
    page = (REPO / 'docs' / 'deploy.md').read_text(encoding='utf-8')
    for kind, reason in NOT_EXPORTED.items():
        assert f'({kind}) | {reason} |' in page
