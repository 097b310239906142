"""RFR hands its state from frame to frame."""

from __future__ import annotations

import pytest
import torch

from mmirstd.models.layers.frequency_attention import FrequencyAttention
from tests.test_models.clip_segmentors import clip_batch, clip_model, key_sample

VIDEO = torch.rand(6, 1, 32, 32, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def rfr(num_frames: int = 6):
    model = clip_model('resunet-rfr', num_frames)
    with torch.no_grad():
        for level in model.align.levels:  # they begin without offsets
            level.deform.offset.weight.normal_(std=0.05)
    return model


def test_a_stream_gives_what_the_sequence_in_one_clip_gives() -> None:
    model = rfr()
    stream = model.make_stream()
    with torch.no_grad():
        every = model.decode_head(model.extract_all_frames(VIDEO[None]))
        for number, frame in enumerate(VIDEO):
            logits = model.decode_head(stream.step(frame[None]))
            torch.testing.assert_close(logits[0], every[number], rtol=1e-9, atol=1e-12)
        torch.testing.assert_close(model(VIDEO[None], mode='tensor')[0], every[-1], rtol=1e-9, atol=1e-12)


def test_overlapping_clips_give_each_frame_to_the_state_once() -> None:
    model, expected = rfr(3), rfr(6)
    with torch.no_grad():
        every = expected.decode_head(expected.extract_all_frames(VIDEO[None])).sigmoid()
        for key in range(2, 6):
            ids = list(range(key - 2, key + 1))
            sample = key_sample(32, 32, key, first=False, frame_ids=ids)
            (result,) = model.predict(VIDEO[ids][None], [sample])
            torch.testing.assert_close(result.seg_logits.data, every[key], rtol=1e-9, atol=1e-12)


def test_the_loss_is_the_mean_of_the_frames() -> None:
    model = rfr(3)
    data = clip_batch(2, 3, 32)
    inputs = torch.stack(data['inputs']).double()
    with torch.no_grad():
        (loss,) = model.loss(inputs, data['data_samples']).values()
        prob = model.decode_head(model.extract_all_frames(inputs)).sigmoid().view(2, 3, 32, 32)
    target = torch.stack([sample.gt_sem_seg.data for sample in data['data_samples']]).double()
    both = (prob * target).sum((0, 2, 3))
    iou = (both + 1) / (prob.sum((0, 2, 3)) + target.sum((0, 2, 3)) - both + 1)
    torch.testing.assert_close(loss, 1 - iou.mean())


def test_frequencies_of_the_attention_are_orthonormal() -> None:
    waves = FrequencyAttention(16).basis.double().flatten(1)
    torch.testing.assert_close(waves @ waves.T, torch.eye(16, dtype=torch.float64), atol=1e-6, rtol=0)
    with pytest.raises(ValueError, match='multiple of 16'):
        FrequencyAttention(24)


def test_what_is_refused() -> None:
    model = rfr()
    with pytest.raises(ValueError, match='expected 1'):
        model.make_stream(stride=2)
    with pytest.raises(ValueError, match='divisible by 4'):
        model.embed(torch.rand(1, 1, 30, 32, dtype=torch.float64))
    stream = model.make_stream()
    with torch.no_grad():
        stream.step(VIDEO[:1], 3)
        for call, match in (
            (lambda: stream.step(VIDEO[:1], 3), 'in order'),
            (lambda: stream.step(VIDEO[:1, :, :24]), 'one size in a sequence'),
            (lambda: stream.step_clip([1, 2, 3], VIDEO[None, :3]), 'no frame after frame 3'),
        ):
            with pytest.raises(ValueError, match=match):
                call()
    stream.reset()
    assert len(stream) == 0
    for options in ({'supervised': 'key'}, {'temporal_neck': dict(type='mmirstd.MotionCouplingNeck')}):
        with pytest.raises(ValueError, match="supervised='all', temporal_neck=None"):
            clip_model('resunet-rfr', **options)
