"""Streaming gives what whole clips give, on every frame, with each frame's features computed once."""

from __future__ import annotations

import copy
import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.config import Config
from mmengine.dataset import Compose

from mmirstd.apis import StreamingDetector
from mmirstd.apis.streaming_detector import fused_copy
from mmirstd.datasets.gray_normalization import normalize
from mmirstd.datasets.synthetic import SceneConfig, render_scene
from mmirstd.engine.checkpoint_meta import store_operating_point
from mmirstd.false_alarms.operating_point import OperatingPoint
from mmirstd.models.feature_stream import FeatureStream
from mmirstd.utils.errors import DataError
from mmirstd.utils.logits import logit_of
from tests.test_models.clip_models import noise, sample, tiny_config, tiny_detector

MODELS_BY_T = {
    num_frames: tiny_detector(num_frames, test_cfg={**tiny_config(num_frames)['test_cfg'], 'streaming': False})
    for num_frames in (1, 2, 5)
}
# Where streaming and whole clips are equal by mathematics, float64 shows it to 1e-12 on every machine.
DOUBLES_BY_T = {num_frames: copy.deepcopy(model).double() for num_frames, model in MODELS_BY_T.items()}


def window(i: int, num_frames: int, stride: int) -> list[int]:
    return [max(i - k * stride, 0) for k in range(num_frames - 1, -1, -1)]


@settings(max_examples=25, deadline=None)
@given(
    length=st.integers(1, 12), num_frames=st.sampled_from([1, 2, 5]), stride=st.integers(1, 3), seed=st.integers(0, 99)
)
def test_levels_equal_those_of_whole_clips_on_every_frame(length: int, num_frames: int, stride: int, seed: int) -> None:
    torch.manual_seed(seed)
    model = DOUBLES_BY_T[num_frames]
    frames = noise(1, length, 1, 32, 64).double()
    stream = FeatureStream(model, stride)
    passes = []
    handle = model.backbone.register_forward_hook(lambda module, args, output: passes.append(len(args[0])))
    with torch.no_grad():
        streamed = [stream.step(frame)[0] for frame in frames.unbind(1)]
        handle.remove()
        for i, level in enumerate(streamed):
            whole = model.extract_feat(frames[:, window(i, num_frames, stride)])[0]
            torch.testing.assert_close(level, whole, rtol=0, atol=1e-12)
    assert passes == [1] * length
    assert len(stream) <= (num_frames - 1) * stride + 1


@given(
    numbers=st.lists(st.integers(0, 30), min_size=1, max_size=10, unique=True).map(sorted),
    stride=st.integers(1, 3),
    gaps=st.sampled_from(['hold', 'position']),
)
@settings(max_examples=20, deadline=None)
def test_gaps_in_the_numbers_are_bridged_as_by_the_data_sets(numbers: list[int], stride: int, gaps: str) -> None:
    from mmirstd.utils.clip_window import window_positions

    model = DOUBLES_BY_T[2]
    frames = noise(1, len(numbers), 1, 32, 32).double()
    stream = FeatureStream(model, stride, gaps)
    with torch.no_grad():
        for k, number in enumerate(numbers):
            level = stream.step(frames[:, k], number)[0]
            positions, _ = window_positions(numbers, k, 2, stride, gaps)
            torch.testing.assert_close(level, model.extract_feat(frames[:, positions])[0], rtol=0, atol=1e-12)


@pytest.mark.parametrize('fuse', [False, True])
@pytest.mark.parametrize('stride', [1, 2])
def test_detections_equal_those_of_the_windowed_model(fuse: bool, stride: int) -> None:
    torch.manual_seed(3)
    model = MODELS_BY_T[5]
    video = (noise(1, 9, 1, 60, 70)[0, :, 0] * 255).byte().numpy()  # padded to 64 x 96 by the model
    detector = StreamingDetector(model, stride=stride, fuse=fuse)
    for i, result in enumerate(detector.detect(video)):
        clip = torch.from_numpy(video[window(i, 5, stride)].astype(np.float32) / 255)[:, None]
        data = model.data_preprocessor(dict(inputs=[clip], data_samples=[sample()]))
        with torch.no_grad():
            expected = model(**data, mode='predict')[0].pred_instances
        found = result.pred_instances
        assert len(found) == len(expected) > 10
        # Relative to the size of the frame.
        torch.testing.assert_close(found.bboxes / 96, expected.bboxes / 96, rtol=0, atol=1e-5)
        torch.testing.assert_close(found.scores, expected.scores, rtol=0, atol=1e-5)
        assert torch.equal(found.labels, expected.labels)


def test_reset_forgets_the_last_video() -> None:
    detector = StreamingDetector(MODELS_BY_T[5])
    first, second = (noise(1, 3, 1, 32, 32)[0, :, 0].numpy() for _ in range(2))
    alone = [r.pred_instances.scores for r in detector.detect(second)]
    list(detector.detect(first))
    again = [r.pred_instances.scores for r in detector.detect(second)]
    assert all(torch.equal(a, b) for a, b in zip(alone, again))
    list(detector.detect(first))
    assert not torch.equal(detector(second[0]).pred_instances.scores[:3], alone[0][:3])


@pytest.mark.parametrize(
    'convert',
    [
        lambda f: (f * 255).round().astype(np.uint8),
        lambda f: (f * 65535).round().astype(np.uint16),
        lambda f: f.astype(np.float64),
        lambda f: torch.from_numpy(f),
        lambda f: f[None],
        lambda f: np.stack([f] * 3),
    ],
    ids=['uint8', 'uint16', 'float64', 'tensor', 'C=1', 'RGB'],
)
def test_frames_of_all_types_and_layouts(convert) -> None:
    frame = noise(1, 1, 1, 40, 50)[0, 0, 0].numpy()
    detector = StreamingDetector(MODELS_BY_T[1])
    inputs, _ = detector.preprocess(convert(frame))
    assert inputs.shape == (1, 1, 1, 64, 64)
    codes = np.asarray(convert(frame))
    wanted = normalize(codes, 'robust') if codes.dtype == np.uint16 else frame  # raw frames are stretched
    np.testing.assert_allclose(inputs[0, 0, 0, :40, :50], wanted, atol=1 / 255)
    assert len(detector(convert(frame)).pred_instances)


def test_rgb_becomes_luminance_in_the_right_order() -> None:
    detector = StreamingDetector(MODELS_BY_T[1])
    red = np.zeros((3, 32, 32), np.uint8)
    red[0] = 200
    inputs, _ = detector.preprocess(red)
    assert inputs.mean() == pytest.approx(0.299 * 200 / 255, abs=2 / 255)


def test_from_a_config_with_checkpoint_pipeline_and_stride(tmp_path) -> None:
    model = tiny_detector(2, seed=7)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'model.pth')
    pipeline = [
        dict(type='mmirstd.LoadClip'),
        dict(type='mmirstd.ClipLetterbox', size=64),
        dict(type='LoadAnnotations', with_bbox=True),
        dict(type='mmirstd.PackClipInputs'),
    ]
    cfg = Config(
        dict(
            default_scope='mmdet', model=tiny_config(2), test_dataloader=dict(dataset=dict(pipeline=pipeline, stride=2))
        )
    )
    detector = StreamingDetector(cfg, tmp_path / 'model.pth', fuse=False)
    assert detector.stream.stride == 2
    frame = noise(1, 1, 1, 32, 48)[0, 0, 0].numpy()
    inputs, _ = detector.preprocess(frame)
    assert inputs.shape == (1, 1, 1, 64, 64)
    with torch.no_grad():
        expected = model.predict_by_levels(model.extract_feat(inputs.repeat(1, 2, 1, 1, 1)), [sample()])[0]
    found = detector(frame).pred_instances
    torch.testing.assert_close(found.scores, expected.pred_instances.scores, rtol=0, atol=1e-5)
    # 48 x 32 was enlarged to 64 x 42 on the way in.
    shrink = torch.tensor([48 / 64, 32 / 42, 48 / 64, 32 / 42])
    torch.testing.assert_close(found.bboxes, expected.pred_instances.bboxes * shrink, rtol=1e-4, atol=1e-3)


class TestBadInput:
    def test_shape(self) -> None:
        with pytest.raises(ValueError, match=r'shape \(32, 32, 3\); expected \(H, W\) or \(C, H, W\)'):
            StreamingDetector(MODELS_BY_T[1])(np.zeros((32, 32, 3), np.uint8))

    def test_floats_beyond_one(self) -> None:
        pipeline = [dict(type='mmirstd.LoadClip', normalize='fixed'), dict(type='mmirstd.PackClipInputs')]
        with pytest.raises(DataError, match='0..1'):
            StreamingDetector(MODELS_BY_T[1], pipeline=pipeline)(np.full((32, 32), 200.0))

    def test_another_detector(self) -> None:
        with pytest.raises(TypeError, match='MultiFrameDetector'):
            StreamingDetector(torch.nn.Identity())

    def test_frames_out_of_order(self) -> None:
        stream = FeatureStream(MODELS_BY_T[2])
        with torch.no_grad():
            stream.step(torch.rand(1, 1, 32, 32), 5)
            with pytest.raises(ValueError, match='frame 4 after frame 5'):
                stream.step(torch.rand(1, 1, 32, 32), 4)

    def test_frames_of_different_sizes(self) -> None:
        detector = StreamingDetector(MODELS_BY_T[2])
        detector(np.zeros((40, 40), np.uint8))
        with pytest.raises(ValueError, match=r'frame 1 has 40x48 pixels .*those before it 40x40.*\n  cure: reset'):
            detector(np.zeros((40, 48), np.uint8))  # both are padded to 64x64
        detector.reset()
        assert detector(np.zeros((40, 48), np.uint8)).ori_shape == (40, 48)
        stream = FeatureStream(MODELS_BY_T[2])
        with torch.no_grad():
            stream.step(torch.rand(1, 1, 32, 32))
            with pytest.raises(ValueError, match='frame 0 gave features of 4x4, frame 1 of 4x8; expected'):
                stream.step(torch.rand(1, 1, 32, 64))

    def test_a_frame_that_was_skipped(self) -> None:
        stream = FeatureStream(MODELS_BY_T[2])
        with torch.no_grad(), pytest.raises(ValueError, match=r'frames \[3\] of the clip \[3, 4\] are neither'):
            stream.step_clip([3, 4], torch.rand(1, 1, 1, 32, 32))

    def test_checkpoint_for_a_built_model(self) -> None:
        with pytest.raises(ValueError, match='config'):
            StreamingDetector(MODELS_BY_T[1], 'x.pth')


def test_the_threshold_of_the_checkpoint_decides(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_detector(2, seed=7)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'model.pth')
    cfg = Config(dict(default_scope='mmdet', model=tiny_config(2)))
    frame = noise(1, 1, 1, 32, 48)[0, 0, 0].numpy()
    scores = StreamingDetector(cfg, tmp_path / 'model.pth')(frame).pred_instances.scores.double().numpy()
    middle = float(np.sort(scores)[len(scores) // 2])
    assert scores.min() < middle < scores.max()
    point = OperatingPoint(float(logit_of(np.array(middle))) - 1e-9)
    store_operating_point(tmp_path / 'model.pth', tmp_path / 'chosen.pth', point)
    found = StreamingDetector(cfg, tmp_path / 'chosen.pth')(frame).pred_instances
    assert len(found) == len(found.bboxes) == (scores >= middle).sum()
    assert found.scores.min() == pytest.approx(middle)
    said: list[str] = []
    monkeypatch.setattr('mmirstd.apis.streaming_model.print_log', lambda text, **_: said.append(text))
    other = replace(point, record=dict(reading=dict(normalize='minmax')))
    store_operating_point(tmp_path / 'model.pth', tmp_path / 'other.pth', other)
    StreamingDetector(cfg, tmp_path / 'other.pth')
    assert 'chosen on images that were read with normalize=minmax; these are read with normalize=' in said[-1]


class TestAlignedStream:
    """Past frames are warped onto each new key frame, so whole clips are computed; each motion is estimated once."""

    PIPELINE = (dict(type='mmirstd.LoadClip'), dict(type='mmirstd.AlignClip'), dict(type='mmirstd.PackClipInputs'))

    def test_for_missing_numbers_stands_the_frame_before(self) -> None:
        video = [frame.numpy() for frame in noise(1, 3, 1, 64, 64)[0, :, 0]]
        found, expected = (
            StreamingDetector(MODELS_BY_T[5], pipeline=self.PIPELINE, fuse=False, gaps=gaps) for gaps in ('hold', None)
        )
        for number, frame in zip((7, 8, 11), video):
            last = found(frame, number).pred_instances
        for frame in (video[0], video[1], video[1], video[1], video[2]):
            whole = expected(frame).pred_instances
        torch.testing.assert_close(last.scores, whole.scores, rtol=0, atol=1e-5)

    @pytest.mark.parametrize('stride', [1, 2])
    def test_equal_to_aligned_clips(self, stride: int) -> None:
        scene = render_scene(SceneConfig(size=(96, 96), backgrounds='ground'), np.random.default_rng(0)).image
        video = [np.ascontiguousarray(scene[2 * k : 2 * k + 64, k : k + 64]) for k in range(6)]
        model = MODELS_BY_T[5]
        detector = StreamingDetector(model, pipeline=self.PIPELINE, stride=stride, fuse=False)
        pipeline = Compose([dict(step) for step in self.PIPELINE])
        for _ in range(2):  # the second time after a reset
            for i, found in enumerate(detector.detect(video)):
                clip = pipeline(dict(img=[video[position] for position in window(i, 5, stride)], img_path='x'))
                levels = model.extract_feat(clip['inputs'][None])
                (whole,) = model.predict_by_levels(levels, [sample(img_shape=(64, 64), ori_shape=(64, 64))])
                torch.testing.assert_close(found.pred_instances.scores, whole.pred_instances.scores, rtol=0, atol=1e-5)
        align = detector.pipeline.transforms[1]
        pairs = {pair for i in range(6) for pair in itertools.pairwise(window(i, 5, stride)) if len(set(pair)) == 2}
        assert align.estimates == 2 * len(pairs)
        assert align.failures == 0


def test_norms_that_do_not_follow_their_convolution_stay() -> None:
    model = tiny_detector()
    block = model.neck.top_down_blocks[0].final_conv
    block.order = ('conv', 'act', 'norm')
    torch.nn.init.uniform_(block.bn.running_mean)
    torch.nn.init.uniform_(block.bn.running_var, 1, 3)
    clip = noise(1, 5, 1, 64, 64)
    with torch.no_grad():
        (expected, *_), (found, *_) = (network(clip, mode='tensor')[0] for network in (model, fused_copy(model)))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_norms_of_our_detectors_are_folded() -> None:
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in fused_copy(MODELS_BY_T[5]).modules())
