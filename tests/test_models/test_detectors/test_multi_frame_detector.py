"""The clip detector: shapes, sizes, losses, errors, and its streaming mode."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.optim import OptimWrapper
from mmengine.registry import init_default_scope

from mmirstd.registry import MODELS
from tests.networks import network_model
from tests.rounding import UNIT
from tests.shared import load_golden
from tests.test_models.clip_models import noise, sample, tiny_config, tiny_detector

from mmdet.structures import DetDataSample  # isort: skip


@pytest.fixture(scope='module')
def detector() -> torch.nn.Module:
    return tiny_detector(5)


@pytest.mark.parametrize('num_frames', [1, 2, 5])
@pytest.mark.parametrize(('height', 'width'), [(32, 32), (96, 32), (64, 160)])
def test_any_size_divisible_by_32_trains_and_predicts(num_frames: int, height: int, width: int) -> None:
    model = tiny_detector(num_frames)
    clips = noise(2, num_frames, 1, height, width)
    with torch.no_grad():
        (level,) = model.extract_feat(clips)
        assert level.shape == (2, 8, height // 8, width // 8)
    model.train()
    losses = model(clips, [sample([[4, 4, 12, 10]]), sample()], mode='loss')
    assert set(losses) == {'loss_cls', 'loss_bbox', 'loss_obj'} | ({'loss_motion'} if num_frames > 1 else set())
    total, _ = model.parse_losses(losses)
    total.backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []


def test_a_batch_without_any_target_reaches_every_parameter() -> None:
    """Otherwise distributed training would hang on such a batch."""
    model = tiny_detector(5).train()
    total, _ = model.parse_losses(model(noise(2, 5, 1, 32, 32), [sample(), sample()], mode='loss'))
    total.backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []


def test_training_steps_lower_the_loss() -> None:
    model = tiny_detector(3).train()
    wrapper = OptimWrapper(torch.optim.Adam(model.parameters(), lr=1e-2))
    clips = torch.zeros(1, 3, 1, 64, 64)
    for t in range(3):
        clips[0, t, 0, 20:24, 20 + 4 * t : 26 + 4 * t] = 1.0
    totals = []
    for _ in range(25):
        data = dict(inputs=list(clips), data_samples=[sample([[28, 20, 34, 24]])])
        totals.append(model.train_step(data, wrapper)['loss'].item())
    assert totals[-1] < 0.5 * totals[0]


@pytest.mark.usefixtures('float64')
def test_frames_in_the_batch_or_one_by_one_differ_in_batch_norm_only() -> None:
    detector = tiny_detector(5)
    clips = noise(2, 5, 1, 64, 32)
    results = []
    for fold in (True, False):
        detector.fold_frames = detector.temporal_neck.fold_frames = fold
        with torch.no_grad():
            results.append(detector(clips, mode='tensor'))
    for folded, separate in zip(*results):
        torch.testing.assert_close(folded[0], separate[0], rtol=0, atol=1e-12)


def test_every_frame_and_its_place_matter(detector: torch.nn.Module) -> None:
    clips = noise(1, 5, 1, 32, 32)
    with torch.no_grad():
        reference = detector.extract_feat(clips)[0]
        for t in range(5):
            changed = clips.clone()
            changed[:, t] = 1 - changed[:, t]
            assert (detector.extract_feat(changed)[0] - reference).abs().max() > 1e-5, t
        swapped = clips[:, [1, 0, 2, 3, 4]]
        assert (detector.extract_feat(swapped)[0] - reference).abs().max() > 1e-7


def test_boxes_come_back_in_the_original_images_pixels(detector: torch.nn.Module) -> None:
    clips = noise(1, 5, 1, 64, 64)
    model = detector
    model.streaming = False
    meta = dict(scale_factor=(2.0, 0.5), pad_param=(4, 0, 6, 0))
    with torch.no_grad():
        raw = model.predict(clips, [DetDataSample(metainfo=meta)], rescale=False)[0].pred_instances
        native = model.predict(clips, [DetDataSample(metainfo=meta)])[0].pred_instances
    assert len(raw) == len(native) > 0
    expected = (raw.bboxes - torch.tensor([6, 4, 6, 4])) / torch.tensor([2, 0.5, 2, 0.5])
    torch.testing.assert_close(native.bboxes, expected)
    torch.testing.assert_close(native.scores, raw.scores)


@pytest.mark.usefixtures('float64')
class TestStreamingMode:
    """``test_cfg.streaming`` with samples as the clip data sets give them."""

    def windowed(self, model: torch.nn.Module, clip: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return model.bbox_head(model.extract_feat(clip))[1][0]

    def predict(self, model: torch.nn.Module, inputs: torch.Tensor, **meta: object) -> torch.Tensor:
        """The head's raw boxes for one sample."""
        seen = {}
        handle = model.bbox_head.multi_level_conv_reg[0].register_forward_hook(
            lambda module, args, output: seen.update(boxes=output)
        )
        model.streaming = True
        with torch.no_grad():
            model.predict(inputs, [sample(**meta)])
        handle.remove()
        return seen['boxes']

    @pytest.mark.parametrize('whole_clips', [True, False])
    def test_equal_to_whole_clips(self, whole_clips: bool) -> None:
        model = tiny_detector(3)
        for video in (1, 2):
            frames = noise(1, 6, 1, 32, 32)[0]
            for i in range(6):
                ids = [max(i - k, 0) for k in (2, 1, 0)]
                given = frames[ids] if whole_clips else frames[i : i + 1]
                boxes = self.predict(
                    model,
                    given[None],
                    video_id=video,
                    frame_id=i,
                    frame_ids=ids if whole_clips else [i],
                    is_first=i == 0,
                )
                torch.testing.assert_close(boxes, self.windowed(model, frames[None, ids]), rtol=0, atol=1e-12)

    def test_each_frame_passes_the_backbone_once(self) -> None:
        model = tiny_detector(3)
        seen = []
        model.backbone.register_forward_hook(lambda module, args, output: seen.append(len(args[0])))
        frames = noise(1, 6, 1, 32, 32)[0]
        for i in range(6):
            ids = [max(i - k, 0) for k in (2, 1, 0)]
            self.predict(model, frames[None, ids], video_id=0, frame_id=i, frame_ids=ids, is_first=i == 0)
        assert sum(seen) == 6

    def test_nothing_is_kept_of_aligned_clips(self) -> None:
        """A past frame looks different in each."""
        model = tiny_detector(3)
        for i in (4, 5):
            clip = noise(1, 3, 1, 32, 32)
            boxes = self.predict(model, clip, video_id=0, frame_id=i, frame_ids=[i - 2, i - 1, i], aligned=True)
            torch.testing.assert_close(boxes, self.windowed(model, clip), rtol=0, atol=1e-12)

    def test_whole_clips_out_of_order_are_right_too(self) -> None:
        model = tiny_detector(3)
        frames = noise(1, 9, 1, 32, 32)[0]
        for i in (4, 2, 8, 3):
            ids = [i - 2, i - 1, i]
            boxes = self.predict(model, frames[None, ids], video_id=0, frame_id=i, frame_ids=ids, is_first=False)
            torch.testing.assert_close(boxes, self.windowed(model, frames[None, ids]), rtol=0, atol=1e-12)

    def test_new_weights_forget_old_features(self) -> None:
        model = tiny_detector(2)
        frames = noise(1, 2, 1, 32, 32)
        self.predict(model, frames[:, :1].repeat(1, 2, 1, 1, 1), video_id=0, frame_id=0, frame_ids=[0, 0])
        model.train().eval()
        with torch.no_grad():
            model.backbone.stem.conv.conv.weight.mul_(0.5)
        boxes = self.predict(model, frames, video_id=0, frame_id=1, frame_ids=[0, 1])
        torch.testing.assert_close(boxes, self.windowed(model, frames), rtol=0, atol=1e-12)

    def test_key_frames_from_the_middle_of_a_sequence_are_refused(self) -> None:
        model = tiny_detector(3)
        with pytest.raises(ValueError, match=r'frame 5, which is not its first.*SequenceSampler'):
            self.predict(model, noise(1, 1, 1, 32, 32), video_id=0, frame_id=5, frame_ids=[5], is_first=False)

    def test_missing_meta_information_is_named(self) -> None:
        model = tiny_detector(3)
        with pytest.raises(ValueError, match=r"needs \['video_id', 'frame_id'\].*meta_keys"):
            self.predict(model, noise(1, 1, 1, 32, 32))


class TestBadInput:
    def test_number_of_frames(self, detector: torch.nn.Module) -> None:
        with pytest.raises(ValueError, match=r'shape \(1, 4, 1, 32, 32\); expected clips \(B, 5, C, H, W\)'):
            detector(noise(1, 4, 1, 32, 32), mode='tensor')

    def test_images_in_place_of_clips(self, detector: torch.nn.Module) -> None:
        with pytest.raises(ValueError, match='expected clips'):
            detector(torch.rand(1, 1, 32, 32), mode='tensor')

    def test_frames_that_nothing_couples(self) -> None:
        with pytest.raises(ValueError, match='temporal_neck is None'):
            MODELS.build(tiny_config(5, temporal_neck=None))

    def test_several_levels_for_the_neck_of_one(self) -> None:
        cfg = tiny_config(2)
        cfg['neck']['out_levels'] = [0, 1]
        with pytest.raises(ValueError, match='couples one level, got 2'):
            MODELS.build(cfg).eval()(noise(1, 2, 1, 32, 32), mode='tensor')


@pytest.mark.parametrize(('code', 'base'), [('SSTNet', 'sstnet'), ('Tridos', 'tridos')])
def test_the_heads_loss_is_the_official_one(code: str, base: str) -> None:
    """mmdet's YOLOXHead with SimOTA on the recorded raw map of the official YOLOXLoss (golden/losses.json).

    Both know float32 alone, in which they add 768 objectness terms of one sign: each addition rounds once, and so each
    sum is at most 768 units off.  The gradients were summed in float64.
    """
    golden = load_golden('losses')['yolo']
    value = next(v for v in golden['values'] if v['code'] == code and 'value' in v)
    generator = np.random.Generator(np.random.PCG64(11))
    raw = torch.from_numpy((0.5 * generator.standard_normal((3, 6, 16, 16))).astype(np.float32)).requires_grad_()
    boxes = [[[40.0, 60.0, 10.0, 8.0], [100.0, 30.0, 6.0, 6.0]], [[64.0, 64.0, 12.0, 9.0]], []]
    samples = [sample([[x - w / 2, y - h / 2, x + w / 2, y + h / 2] for x, y, w, h in image]) for image in boxes]
    init_default_scope('mmdet')
    model = network_model(base)
    head = MODELS.build(ConfigDict(model.bbox_head, train_cfg=model.train_cfg))
    losses = head.loss_by_feat(
        [raw[:, 5:]], [raw[:, :4]], [raw[:, 4:5]], [s.gt_instances for s in samples], [s.metainfo for s in samples]
    )
    total = sum(losses.values())
    assert total.item() == pytest.approx(value['value'], rel=2 * 768 * UNIT)
    total.backward()
    assert raw.grad.double().abs().sum().item() == pytest.approx(value['grad_abs_sum'], rel=768 * UNIT)
