"""Models of clips in each backend."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmirstd.costs.alone import LENGTH, clip_network_peak, clip_session_peak, random_clip
from mmirstd.costs.backend_names import FOLDED, STREAMING, TORCH
from mmirstd.costs.clip_sides import build_clip_model, clip_session_sides, clip_torch_sides, has_stream
from mmirstd.costs.noise_statistics import set_norm_statistics
from mmirstd.engine.config_names import networks
from mmirstd.utils.errors import UserError

SIZE = (64, 64)


def model_cfg(name: str) -> Config:
    return Config.fromfile(networks()[name]).model


def test_before_a_sequence_its_first_frame_stands() -> None:
    clip = random_clip(9, (4, 6))
    assert clip.shape == (9, 4, 6)
    assert all(np.array_equal(frame, clip[0]) for frame in clip[1 : 10 - LENGTH])
    assert not np.array_equal(clip[-1], clip[-2])
    assert random_clip(3, (4, 6)).shape == (3, 4, 6)


@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('sstnet-nano', [TORCH, FOLDED, TORCH + STREAMING]),
        ('yolox-nano', [TORCH, FOLDED]),  # of single frames
        ('tdcnet', [TORCH, FOLDED]),  # each clip is aligned anew
        ('lvnet', [TORCH, TORCH + STREAMING]),
    ],
)
def test_the_forms_of_a_model(name: str, expected: list[str]) -> None:
    cfg = model_cfg(name)
    model = build_clip_model(cfg)
    assert list(clip_torch_sides(cfg, model, SIZE)) == expected
    assert has_stream(model) == (name != 'tdcnet')


def test_a_stream_gives_what_the_whole_clip_gives() -> None:
    cfg = model_cfg('resunet-dtum')
    torch.manual_seed(0)
    model = build_clip_model(cfg)
    set_norm_statistics(model, torch.rand(2, model.input_frames, 1, *SIZE, generator=torch.Generator().manual_seed(0)))
    sides = clip_torch_sides(cfg, model, SIZE)
    np.testing.assert_allclose(sides[TORCH + STREAMING].run(), sides[TORCH].run(), rtol=0, atol=1e-5)


@pytest.mark.parametrize('name', ['sstnet-nano', 'lvnet'])
def test_peak_memory_is_measured_of_what_is_timed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip('onnxruntime')
    asked: list[tuple] = []
    monkeypatch.setattr('mmirstd.costs.clip_sides.run_alone', lambda *work: asked.append(work) or 1 << 20)
    cfg = model_cfg(name)
    model = build_clip_model(cfg)
    sides = {**clip_torch_sides(cfg, model, SIZE), **clip_session_sides(model, SIZE, tmp_path, print)}
    assert {'onnxruntime', 'onnxruntime' + STREAMING} < sides.keys()
    assert all(side.peak() == 1 << 20 for side in sides.values())
    assert len(asked) == len(sides)
    for work, *arguments in asked:  # here, in place of a process each
        assert work in (clip_network_peak, clip_session_peak)
        assert (work(*arguments) or 0) > 1 << 20 or sys.platform == 'win32'


def test_a_size_that_would_be_padded_is_refused(tmp_path: Path) -> None:
    pytest.importorskip('onnx')
    with pytest.raises(UserError, match='--size 50 64: found 50x64, expected multiples of 32'):
        clip_session_sides(build_clip_model(model_cfg('sstnet-nano')), (50, 64), tmp_path, print)
