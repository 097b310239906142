"""Detectors with backbones of clips: versions of the frames, streams, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope

from mmirstd.apis import StreamingDetector
from mmirstd.datasets.synthetic import SceneConfig, render_scene
from mmirstd.registry import MODELS
from mmirstd.utils.clip_window import window_positions
from tests.networks import network_model
from tests.test_models.clip_models import noise, sample


def tiny(name: str, seed: int = 0) -> torch.nn.Module:
    """STMENet or TDCNet with few channels, in eval mode."""
    init_default_scope('mmdet')
    model = network_model(name)
    model.backbone.update(widen_factor=1 / 16, deepen_factor=0.1)
    for backbone in model.clip_backbones:
        backbone.update(channels=[8, 16, 32, 64], depths=[1, 2, 1])
    if name == 'stmenet':
        model.temporal_neck.update(in_channels=[16, 32, 64], clip_channels=64, channels=16, out_channels=8)
    else:
        model.temporal_neck.update(channels=[16, 32, 64], out_channels=8)
    model.bbox_head.update(in_channels=8, feat_channels=8)
    torch.manual_seed(seed)
    built = MODELS.build(model)
    with torch.no_grad():
        built.train()(noise(4, built.input_frames, 1, 128, 128), mode='tensor')  # statistics of the norms
    return built.eval()


@pytest.mark.parametrize('name', ['stmenet', 'tdcnet'])
@pytest.mark.parametrize(('height', 'width'), [(32, 32), (96, 160)])
def test_any_size_divisible_by_32(name: str, height: int, width: int) -> None:
    model = tiny(name)
    with torch.no_grad():
        (level,) = model.extract_feat(noise(2, model.input_frames, 1, height, width))
    assert level.shape == (2, 8, height // 8, width // 8)
    assert torch.isfinite(level).all()


def test_each_backbone_sees_its_version() -> None:
    model = tiny('tdcnet')
    seen = []
    for backbone in (model.backbone, *model.clip_backbones):
        backbone.register_forward_hook(lambda module, args, output: seen.append(args[0]))
    clip = noise(1, 10, 1, 64, 64)
    with torch.no_grad():
        model.extract_feat(clip)
    key, aligned, original = seen
    assert torch.equal(key, clip[:, -1])
    assert torch.equal(aligned.transpose(1, 2), clip[:, :5])
    assert torch.equal(original.transpose(1, 2), clip[:, 5:])


@pytest.mark.parametrize('name', ['stmenet', 'tdcnet'])
def test_every_frame_matters(name: str) -> None:
    model = tiny(name).double()
    clip = noise(1, model.input_frames, 1, 64, 64).double()
    with torch.no_grad():
        reference = model.extract_feat(clip)[0]
        for frame in range(model.input_frames):
            changed = clip.clone()
            changed[:, frame] = 1 - changed[:, frame]
            assert (model.extract_feat(changed)[0] - reference).abs().max() > 1e-9, frame


def video(length: int = 7) -> list[np.ndarray]:
    """Frames (64, 64) of a panning camera."""
    scene = render_scene(SceneConfig(size=(96, 96), backgrounds='ground'), np.random.default_rng(0)).image
    return [np.ascontiguousarray(scene[2 * k : 2 * k + 64, k : k + 64]) for k in range(length)]


def test_a_stream_of_stmenet_gives_what_clips_give() -> None:
    model = tiny('stmenet')
    detector = StreamingDetector(model)
    frames = video()
    for number, found in enumerate(detector.detect(frames)):
        positions, _ = window_positions(range(len(frames)), number, 5)
        clip = torch.from_numpy(np.stack([frames[position] for position in positions]) / np.float32(255))
        with torch.no_grad():
            levels = model.extract_feat(clip[None, :, None])
            (whole,) = model.predict_by_levels(levels, [sample(img_shape=(64, 64), ori_shape=(64, 64))])
        # The detector works on a copy with folded norms.
        torch.testing.assert_close(
            found.pred_instances.scores[:5], whole.pred_instances.scores[:5], rtol=1e-4, atol=1e-4
        )


def test_a_stream_of_tdcnet_aligns_its_frames() -> None:
    pipeline = [
        dict(type='mmirstd.LoadClip'),
        dict(type='mmirstd.AlignClip', keep_original=True),
        dict(type='mmirstd.PackClipInputs'),
    ]
    detector = StreamingDetector(tiny('tdcnet'), pipeline=pipeline)
    results = list(detector.detect(video()))
    assert len(results) == 7
    assert detector.pipeline.transforms[1].estimates == 6
    assert all(torch.isfinite(result.pred_instances.scores).all() for result in results)


def test_clips_of_another_length() -> None:
    model = tiny('tdcnet')
    with pytest.raises(ValueError, match=r'expected 10 frames: the 5 aligned ones .* keep_original=True'):
        model(noise(1, 5, 1, 32, 32), mode='tensor')
    with pytest.raises(ValueError, match=r'expected clips \(B, 10, C, H, W\)'):
        model(noise(1, 7, 1, 32, 32), mode='tensor')
    with pytest.raises(ValueError, match='clip_backbones is empty'):
        MODELS.build(network_model('stmenet') | dict(clip_backbones=[]))


def test_a_stream_of_plain_frames_is_no_stream_of_tdcnet() -> None:
    model = tiny('tdcnet')
    with pytest.raises(ValueError, match=r'5 frames; expected 10 frames: the 5 aligned ones .* keep_original=True'):
        model.make_stream().step(noise(1, 1, 1, 32, 32)[:, 0])
    with pytest.raises(ValueError, match='expected 10 frames'):
        StreamingDetector(model)(video()[0])
