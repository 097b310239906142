"""Parts of graphs of clips: what they compute is what the pipeline and the layers compute."""

from __future__ import annotations

import io
import warnings

import numpy as np
import pytest
import torch

from mmirstd.datasets.transforms import ClipLetterbox
from mmirstd.deploy.any_size_frequency import AnySizeFrequency
from mmirstd.deploy.box_suppression import suppress, suppression_error
from mmirstd.deploy.graph_files import OPSET
from mmirstd.deploy.resampling import Letterbox
from mmirstd.deploy.spectral_matrices import MatrixSpectralFilter, half_spectrum
from mmirstd.models.layers.frequency_attention import FrequencyAttention
from mmirstd.models.layers.spectral_filter import SpectralFilter
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.letterbox import undo_letterbox


@pytest.mark.parametrize('interpolation', ['bicubic', 'bilinear'])
@pytest.mark.parametrize('center', [False, True])
@pytest.mark.parametrize('shape', [(64, 64), (20, 31), (98, 77), (161, 40)])
def test_the_letterbox_of_the_pipeline(interpolation: str, center: bool, shape: tuple[int, int]) -> None:
    """Larger and smaller images, of sizes whose scale is rounded down and not (98 and 49 among them)."""
    size, pad = (49, 64), 0.5
    image = np.random.default_rng(0).random(shape, np.float32)
    results = ClipLetterbox(size, pad, interpolation, center).transform(dict(img=image))
    found, placement = Letterbox(size, pad, interpolation, center)(torch.from_numpy(image)[None])
    # Pillow and OpenCV sum float32 in another order, OpenCV with weights of 11 bits where it can.
    np.testing.assert_allclose(found[0].numpy(), results['img'], rtol=0, atol=2e-3)
    assert abs(found[0].numpy() - results['img']).mean() < 1e-4
    boxes = np.array([[3.0, 4, 10, 20]])
    expected = undo_letterbox(boxes, results['scale_factor'], results['pad_param'])
    np.testing.assert_allclose(placement.undo(torch.from_numpy(boxes)).numpy(), expected, rtol=1e-12)


def test_other_interpolations_are_refused() -> None:
    with pytest.raises(ConfigError, match='area.*has no graph'):
        Letterbox((8, 8), 0.5, 'area', False)


@pytest.mark.parametrize('shape', [(12, 16), (13, 17), (10, 15), (1, 8)])
def test_the_filter_without_fourier_transforms(shape: tuple[int, int]) -> None:
    """In float64; even and odd sides."""
    torch.manual_seed(0)
    layer = SpectralFilter(8).double().eval()
    x = torch.rand(2, 8, *shape, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(MatrixSpectralFilter(layer)(x), layer(x), rtol=0, atol=1e-12)


def test_a_phase_of_pi_in_a_file() -> None:
    """Frequencies that are their own opposites are real: where they are negative the phase is pi, not -pi."""
    pytest.importorskip('onnx')
    runtime = pytest.importorskip('onnxruntime')
    torch.manual_seed(0)
    filtered = MatrixSpectralFilter(SpectralFilter(8).eval())
    # Both signs: half of the real frequencies are negative.
    x = torch.randn(1, 8, 12, 16)
    assert (half_spectrum(x)[0][:, :, 0, -1] < 0).any()
    buffer = io.BytesIO()
    options = {'dynamo': False} if 'dynamo' in torch.onnx.export.__code__.co_varnames else {}
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter('ignore')
        torch.onnx.export(filtered, (x,), buffer, opset_version=OPSET, **options)
        expected, exact = filtered(x), filtered.double()(x.double())
    session = runtime.InferenceSession(buffer.getvalue(), providers=['CPUExecutionProvider'])
    (found,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    rounding = (expected - exact).abs().max()
    assert (torch.from_numpy(found) - exact).abs().max() < 20 * rounding


@pytest.mark.parametrize('shape', [(56, 56), (40, 90), (57, 129)])
def test_bins_of_any_size(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    layer = FrequencyAttention(16).double().eval()
    x = torch.rand(2, 16, *shape, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(AnySizeFrequency(layer)(x), layer(x), rtol=0, atol=1e-12)


def candidates() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    corners = torch.rand(200, 2, generator=generator) * 60
    boxes = torch.cat([corners, corners + 4 + 8 * torch.rand(200, 2, generator=generator)], dim=1)
    return boxes.double(), torch.rand(200, generator=generator).double()


def test_a_right_result_of_the_suppression_is_right() -> None:
    boxes, scores = candidates()
    kept = suppress(boxes[None], scores[None, None], 0.5, 0.1)[:, 2]
    assert 20 < len(kept) < 180
    assert (scores[kept].diff() <= 0).all()
    assert suppression_error(boxes, scores, boxes[kept], scores[kept], 0.5, 0.1) == 0


@pytest.mark.parametrize('change', ['one is missing', 'one too many', 'moved', 'another score', 'none'])
def test_a_wrong_result_of_the_suppression_is_wrong(change: str) -> None:
    boxes, scores = candidates()
    kept = suppress(boxes[None], scores[None, None], 0.5, 0.1)[:, 2]
    chosen, given = boxes[kept].clone(), scores[kept].clone()
    if change == 'one is missing':
        chosen, given = chosen[1:], given[1:]
    elif change == 'one too many':
        others = [k for k in range(200) if k not in set(kept.tolist()) and scores[k] > 0.1]
        chosen, given = torch.cat([chosen, boxes[others]]), torch.cat([given, scores[others]])
    elif change == 'moved':
        chosen[3] += 0.5
    elif change == 'another score':
        given[3] -= 0.01
    else:
        chosen, given = chosen[:0], given[:0]
    assert suppression_error(boxes, scores, chosen, given, 0.5, 0.1) > 5e-3
