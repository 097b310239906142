"""Exported files in ONNX Runtime's providers for GPUs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mmirstd.apis import IRSTDInferencer
from mmirstd.apis.exporting import graph_of
from mmirstd.deploy.graph_files import write_graph
from mmirstd.deploy.session import OnnxRuntimeSession
from tests.test_apis.helpers import scene

pytestmark = pytest.mark.gpu

#: Of the range of sizes, as the page on deployment has them.
PROFILE = {
    'trt_profile_min_shapes': 'image:1x64x64,range:1x2',
    'trt_profile_opt_shapes': 'image:1x128x160,range:1x2',
    'trt_profile_max_shapes': 'image:2x128x160,range:2x2',
}
#: Provider -> its options, and the largest mean difference of a probability: TensorRT computes in TF32.
PROVIDERS: dict[str, tuple[dict[str, Any], float]] = {
    'CUDAExecutionProvider': ({'use_tf32': '0'}, 1e-5),
    'TensorrtExecutionProvider': (PROFILE, 1e-3),
}


@pytest.mark.parametrize('provider', PROVIDERS)
def test_a_file_gives_on_the_gpu_what_it_gives_on_the_cpu(provider: str, tmp_path: Path, device: torch.device) -> None:
    pytest.importorskip('onnx')
    runtime = pytest.importorskip('onnxruntime')
    options, tolerance = PROVIDERS[provider]
    if device.type == 'cpu':
        provider, options = 'CPUExecutionProvider', {}
    if provider not in runtime.get_available_providers():
        pytest.skip(f'needs an ONNX Runtime with {provider}')
    graph, description = graph_of(IRSTDInferencer('ggl-net-tiny_general', device='cpu', backend='torch'))
    file = write_graph(graph, tmp_path / 'net.onnx', description)
    here, there = OnnxRuntimeSession(file), OnnxRuntimeSession(file, providers=[(provider, options)])
    # where a provider cannot be loaded, ONNX Runtime falls back on the CPU with a warning alone
    assert provider in there._session.get_providers()
    for height, width, batch in ((64, 64, 1), (96, 130, 2)):
        images = np.stack([scene(height, width, seed=seed) for seed in range(batch)]).astype(np.float32)
        inputs = dict(image=images, range=np.tile(np.array([0, 255], np.float32), (batch, 1)))
        expected, found = here.run(inputs), there.run(inputs)
        assert abs(found['probability'] - expected['probability']).mean() < tolerance
        assert (found['mask'] != expected['mask']).mean() < 1e-3
        assert expected['mask'].any()
