"""Segmentors of clips: losses of the key frame or of all, streams that equal windows, and what is refused."""

from __future__ import annotations

import pytest
import torch

from mmirstd.models.segmentors.multi_frame_segmentor import frame_samples
from mmirstd.registry import MODELS
from mmirstd.utils.clip_window import window_positions
from tests.networks import network_model
from tests.test_models.clip_segmentors import as_dtum, clip_batch, clip_model, key_sample

VIDEO = torch.rand(8, 1, 32, 32, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
MODELS_OF_CLIPS = {
    'deeppro': lambda: clip_model('deeppro', 5),
    'deeppro-plus': lambda: clip_model('deeppro-plus', 5),
    'resunet-dtum': lambda: clip_model('resunet-dtum'),
    'lvnet': lambda: clip_model('lvnet'),
    'feedbacksts': lambda: clip_model('feedbacksts'),
}


def windows(model, stride: int = 1) -> list[torch.Tensor]:
    """Logits of the window of each frame of the video."""
    logits = []
    for key in range(len(VIDEO)):
        positions, _ = window_positions(range(len(VIDEO)), key, model.num_frames, stride)
        logits.append(model(VIDEO[positions][None], mode='tensor'))
    return logits


@pytest.mark.parametrize('name', MODELS_OF_CLIPS)
def test_a_stream_gives_what_windows_give(name: str) -> None:
    model = MODELS_OF_CLIPS[name]()
    with torch.no_grad():
        for stride in (1, 2):
            stream = model.make_stream(stride)
            for frame, expected in zip(VIDEO, windows(model, stride)):
                levels = stream.step(frame[None])
                got = model.decode_levels(levels, [dict(img_shape=(32, 32))])
                torch.testing.assert_close(got, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize('name', MODELS_OF_CLIPS)
def test_prediction_streams_frames_and_takes_clips(name: str) -> None:
    model = MODELS_OF_CLIPS[name]()
    expected = windows(model)
    with torch.no_grad():
        for number, frame in enumerate(VIDEO):
            sample = key_sample(32, 32, number, number == 0)
            (result,) = model.predict(frame[None, None], [sample])
            torch.testing.assert_close(result.seg_logits.data, expected[number][0].sigmoid(), rtol=1e-9, atol=1e-12)
        clip = VIDEO[3 : 3 + model.num_frames]
        ids = list(range(3, 3 + model.num_frames))
        sample = key_sample(32, 32, ids[-1], first=False, frame_ids=ids)
        (result,) = model.predict(clip[None], [sample])
        torch.testing.assert_close(result.seg_logits.data, expected[ids[-1]][0].sigmoid(), rtol=1e-9, atol=1e-12)
        (result,) = model.predict(clip[None])
        torch.testing.assert_close(result.seg_logits.data, expected[ids[-1]][0].sigmoid(), rtol=1e-9, atol=1e-12)


def test_a_stream_computes_each_frame_once() -> None:
    model = clip_model('resunet-dtum')
    seen = []
    model.backbone.register_forward_hook(lambda module, args, out: seen.append(len(args[0])))
    stream = model.make_stream()
    with torch.no_grad():
        for frame in VIDEO:
            stream.step(frame[None])
    assert seen == [1] * len(VIDEO)
    assert len(stream) == model.num_frames


def test_losses_see_all_frames_or_the_key_frame() -> None:
    """Another mask of a past frame changes the loss of a network that is supervised on all frames, and no other."""
    for name, changes in (('deeppro', True), ('resunet-dtum', False)):
        model = MODELS_OF_CLIPS[name]()
        torch.manual_seed(0)
        data = clip_batch(2, model.num_frames, 32)
        inputs = torch.stack(data['inputs']).double()
        with torch.no_grad():
            first = model.loss(inputs, data['data_samples'])['decode.loss_soft_iou']
            data['data_samples'][0].gt_sem_seg.data[0] = 0
            second = model.loss(inputs, data['data_samples'])['decode.loss_soft_iou']
        assert (first != second) == changes


def test_a_clip_is_one_sample_of_the_loss() -> None:
    """Soft IoU over the whole clip, as DeepPro's official loss (smooth 0) sums."""
    model = clip_model('deeppro', 5)
    data = clip_batch(2, 5, 32)
    inputs = torch.stack(data['inputs']).double()
    with torch.no_grad():
        loss = model.loss(inputs, data['data_samples'])['decode.loss_soft_iou']
        levels = model.temporal_neck.all_frames(model.extract_clip_feats(inputs))
        prob = model.decode_head(levels).sigmoid().view(2, 5, 32, 32)
    target = torch.stack([sample.gt_sem_seg.data for sample in data['data_samples']]).double()
    both = (prob * target).sum((1, 2, 3))
    iou = both / (prob.sum((1, 2, 3)) + target.sum((1, 2, 3)) - both)
    torch.testing.assert_close(loss, 1 - iou.mean())


def test_the_parts_of_the_detectors_serve_a_segmentor() -> None:
    """SSTNet's coupling neck before a segmentation head."""
    cfg = network_model('resunet')
    cfg.update(
        type='mmirstd.MultiFrameSegmentor',
        num_frames=3,
        data_preprocessor=dict(type='mmirstd.ClipSegDataPreProcessor', size_divisor=8),
        temporal_neck=dict(type='mmirstd.MotionCouplingNeck', in_channels=16, num_frames=3),
    )
    del cfg['neck']
    cfg.backbone.update(channels=[16], num_blocks=[1])
    model = MODELS.build(cfg).double()
    data = clip_batch(2, 3, 32)
    (loss,) = model.loss(torch.stack(data['inputs']).double(), data['data_samples']).values()
    loss.backward()
    assert all(p.grad is not None for p in model.parameters())


def test_masks_of_chosen_frames() -> None:
    (sample,) = clip_batch(1, 3, 32)['data_samples']
    for frame in (0, 1, -1):
        (one,) = frame_samples([sample], frame)
        assert torch.equal(one.gt_sem_seg.data, sample.gt_sem_seg.data[frame][None])


class TestErrors:
    def test_arguments(self) -> None:
        for options, match in (
            (dict(supervised='some'), "supervised is 'some'"),
            (dict(num_frames=0), 'num_frames is 0'),
            ({'num_frames': 7, 'temporal_neck.num_frames': 5}, 'temporal neck was built for 5 frames'),
            (dict(temporal_neck=None), 'nothing would couple the frames'),
            (
                {'temporal_neck': dict(_delete_=True, type='mmirstd.MotionCouplingNeck', num_frames=40)},
                'key frame alone',
            ),
            ({'test_cfg.mode': 'slide'}, "must be 'whole'"),
            ({'test_cfg.views': 'flips'}, 'clips have no test-time augmentation'),
        ):
            with pytest.raises(ValueError, match=match):
                clip_model('deeppro', **options)
        with pytest.raises(ValueError, match='odd number'):
            as_dtum('resunet', 4)

    def test_a_still_or_a_clip_of_another_length(self) -> None:
        model = clip_model('deeppro', 5)
        with pytest.raises(ValueError, match=r'expected clips \(B, 5, C, H, W\)'):
            model(torch.rand(1, 1, 32, 32), mode='tensor')
        with pytest.raises(ValueError, match=r'expected clips \(B, 5, C, H, W\)'):
            model(torch.rand(1, 4, 1, 32, 32), mode='tensor')
        with pytest.raises(ValueError, match='takes no single images'):
            model.data_preprocessor(dict(inputs=[torch.rand(1, 32, 32)]))
        with pytest.raises(ValueError, match='expected one num_frames'):
            model.data_preprocessor(dict(inputs=[torch.rand(5, 1, 32, 32), torch.rand(4, 1, 32, 32)]))

    def test_masks_of_the_key_frame_alone(self) -> None:
        model = clip_model('deeppro', 5)
        data = clip_batch(1, 5, 32, all_masks=False)
        with pytest.raises(ValueError, match="frames='all'"):
            model.loss(torch.stack(data['inputs']).double(), data['data_samples'])

    def test_a_size_that_does_not_fit(self) -> None:
        with pytest.raises(ValueError, match='divisible by 4'):
            clip_model('deeppro', 5)(torch.rand(1, 5, 1, 30, 32, dtype=torch.float64), mode='tensor')

    def test_frames_of_another_size_in_a_stream(self) -> None:
        stream = clip_model('resunet-dtum').make_stream()
        with torch.no_grad():
            stream.step(VIDEO[:1])
            with pytest.raises(ValueError, match='expected frames of one size in a sequence'):
                stream.step(VIDEO[:1, :, :24])

    def test_the_middle_of_a_sequence_without_its_past(self) -> None:
        model = clip_model('deeppro', 5)
        with pytest.raises(ValueError, match='which is not its first'):
            model.predict(VIDEO[None, :1], [key_sample(32, 32, 3, first=False)])
