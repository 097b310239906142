"""Transposes, mmcv's flips on 2-D arrays, changes of scale, and the two ways to a test size."""

from __future__ import annotations

from collections import Counter

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmcv.transforms import RandomFlip

from mmirstd.datasets.transforms import PadToMultiple, RandomRescale, RandomTranspose, RandomTurn, ResizeForEvaluation


def sample(height: int, width: int, seed: int = 0) -> dict:
    rng = np.random.default_rng(seed)
    image = rng.random((height, width)).astype(np.float32)
    mask = (image > 0.9).astype(np.uint8)
    return dict(img=image, gt_seg_map=mask, img_shape=image.shape, ori_shape=image.shape, pad_shape=image.shape)


sizes = st.integers(1, 80)


@settings(max_examples=60, deadline=None)
@given(height=sizes, width=sizes, seed=st.integers(0, 100))
def test_flips_and_transposes_keep_area_and_alignment(height, width, seed):
    np.random.seed(seed)
    results = sample(height, width, seed)
    area = results['gt_seg_map'].sum()
    for transform in (
        RandomFlip(prob=0.5, direction='horizontal'),
        RandomFlip(prob=0.5, direction='vertical'),
        RandomTranspose(0.5),
    ):
        results = transform(results)
    assert results['img'].shape == results['gt_seg_map'].shape == results['img_shape']
    assert results['gt_seg_map'].sum() == area
    np.testing.assert_array_equal(results['gt_seg_map'], results['img'] > 0.9)


def test_transpose_is_its_own_inverse_and_happens_as_often_as_asked():
    once = RandomTranspose(1.0)(sample(3, 7))
    assert once['img'].shape == once['img_shape'] == (7, 3)
    np.testing.assert_array_equal(RandomTranspose(1.0)(once)['img'], sample(3, 7)['img'])
    np.random.seed(0)
    assert not RandomTranspose(0.0)(sample(3, 7))['transposed']
    assert 0.2 < np.mean([RandomTranspose(0.3)(sample(2, 2))['transposed'] for _ in range(600)]) < 0.4


def test_flips_and_transpose_reach_all_eight_symmetries():
    np.random.seed(0)
    seen = set()
    for _ in range(200):
        results = dict(img=np.arange(4, dtype=np.float32).reshape(2, 2), img_shape=(2, 2))
        for transform in (
            RandomFlip(prob=0.5, direction='horizontal'),
            RandomFlip(prob=0.5, direction='vertical'),
            RandomTranspose(0.5),
        ):
            results = transform(results)
        seen.add(results['img'].tobytes())
    assert len(seen) == 8


@settings(max_examples=60, deadline=None)
@given(height=sizes, width=sizes, factor=st.floats(0.1, 4), seed=st.integers(0, 1000))
def test_rescaling_loses_no_target(height, width, factor, seed):
    """Lone pixels three apart: however far it shrinks, each leaves a labeled pixel at its place."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((height, width), np.uint8)
    mask[::3, ::3] = rng.random(mask[::3, ::3].shape) < 0.2
    results = dict(img=rng.random((height, width), np.float32), gt_seg_map=mask.copy())
    results = RandomRescale(1.0, (factor, factor))(results)
    size = results['img'].shape
    assert size == results['gt_seg_map'].shape == results['img_shape'] == results['pad_shape']
    # The factor is drawn in its logarithm: it comes back a rounding error off, which tips a size of exactly n + 1/2.
    for found, native in zip(size, (height, width), strict=True):
        assert found == 1 or abs(found - native * factor) <= 0.5 + 1e-9
        assert found > 1 or native * factor < 1.5 + 1e-9
    assert set(np.unique(results['gt_seg_map'])) <= {0, 1}
    near = cv2.dilate(results['gt_seg_map'], np.ones((3, 3), np.uint8))
    for row, column in np.argwhere(mask):
        assert near[
            min(int((row + 0.5) * size[0] / height), size[0] - 1),
            min(int((column + 0.5) * size[1] / width), size[1] - 1),
        ]


def test_rescaling_keeps_image_and_mask_aligned():
    """A bright disc and its mask: area by the factor squared, thresholded image equal to the mask up to the edge."""
    image = cv2.circle(np.zeros((60, 80), np.float32), (50, 20), 9, 1.0, -1)
    for factor in (0.5, 0.77, 1.0, 1.6, 2.0):
        results = RandomRescale(1.0, (factor, factor))(dict(img=image, gt_seg_map=(image > 0.5).astype(np.uint8)))
        mask = results['gt_seg_map']
        assert mask.sum() == pytest.approx(image.sum() * factor**2, rel=0.06)
        np.testing.assert_array_equal(mask, results['img'] >= 0.5)


def test_rescaling_happens_as_often_as_asked_both_ways_alike():
    np.random.seed(0)
    transform = RandomRescale(0.5, (0.5, 2.0))
    sides = np.array([transform(sample(64, 64))['img'].shape[0] for _ in range(600)])
    assert 0.4 < np.mean(sides == 64) < 0.6
    assert sides.min() < 36
    assert sides.max() > 118
    assert 0.4 < np.mean(sides[sides != 64] < 64) < 0.6


@settings(max_examples=60, deadline=None)
@given(
    height=sizes,
    width=sizes,
    divisor=st.sampled_from([1, 16, 32]),
    mode=st.sampled_from(['reflect', 'edge', 'constant']),
)
def test_padding_cut_off_gives_the_image_back(height, width, divisor, mode):
    before = sample(height, width)
    results = PadToMultiple(divisor, mode)(sample(height, width))
    left, right, top, bottom = results['padding_size']
    padded = results['img']
    assert padded.shape == results['pad_shape']
    assert (padded.shape[0] % divisor, padded.shape[1] % divisor) == (0, 0)
    assert max(right, bottom) < divisor
    np.testing.assert_array_equal(padded[top : padded.shape[0] - bottom, left : padded.shape[1] - right], before['img'])
    np.testing.assert_array_equal(results['gt_seg_map'], before['gt_seg_map'])  # native size
    assert results['ori_shape'] == (height, width)


def test_padding_agrees_with_what_mmseg_cuts_off():
    """mmseg's postprocess_result reads (left, right, top, bottom) and resizes to ori_shape."""
    import torch
    from mmseg.models.segmentors.base import BaseSegmentor
    from mmseg.structures import SegDataSample

    class Segmentor(BaseSegmentor):
        align_corners = False
        decode_head = type('Head', (), dict(threshold=0.5))

        def loss(self): ...
        def predict(self): ...
        def _forward(self): ...
        def encode_decode(self): ...
        def extract_feat(self): ...

    results = PadToMultiple(32)(sample(45, 70))
    data_sample = SegDataSample(metainfo={k: results[k] for k in ('padding_size', 'ori_shape', 'pad_shape')})
    logits = torch.from_numpy(results['img'])[None, None]
    output = Segmentor.postprocess_result(Segmentor(), logits, [data_sample])[0]
    torch.testing.assert_close(output.seg_logits.data[0], torch.from_numpy(sample(45, 70)['img']).sigmoid())


def test_resize_for_evaluation_declares_the_native_size():
    results = ResizeForEvaluation((20, 30))(sample(40, 90))
    for key in ('img_shape', 'ori_shape', 'pad_shape'):
        assert results[key] == (20, 30)
    assert results['img'].shape == results['gt_seg_map'].shape == (20, 30)
    assert set(np.unique(results['gt_seg_map'])) <= {0, 1}
    assert results['scale_factor'] == (30 / 90, 20 / 40)
    assert ResizeForEvaluation(16)(sample(5, 5))['img'].shape == (16, 16)


@pytest.mark.parametrize(
    'build',
    [
        lambda: RandomTranspose(2),
        lambda: RandomTurn(2),
        lambda: RandomRescale(2),
        lambda: RandomRescale(ratio=(2, 1)),
        lambda: PadToMultiple(0),
        lambda: PadToMultiple(mode='mirror'),
        lambda: ResizeForEvaluation((1, 2, 3)),
    ],
)
def test_wrong_options(build):
    with pytest.raises(ValueError, match='expected'):
        build()


@settings(max_examples=60, deadline=None)
@given(height=sizes, width=sizes, seed=st.integers(0, 100))
def test_turning_keeps_area_and_alignment(height, width, seed):
    np.random.seed(seed)
    results = sample(height, width, seed)
    area = results['gt_seg_map'].sum()
    results = RandomTurn()(results)
    assert results['img'].shape == results['gt_seg_map'].shape == results['img_shape'] == results['pad_shape']
    assert results['gt_seg_map'].sum() == area
    np.testing.assert_array_equal(results['gt_seg_map'], results['img'] > 0.9)


def test_turning_reaches_all_eight_symmetries_equally_often():
    np.random.seed(0)
    counts = Counter()
    for _ in range(1600):
        image = np.arange(4, dtype=np.float32).reshape(2, 2)
        counts[RandomTurn()(dict(img=image, img_shape=(2, 2)))['img'].tobytes()] += 1
    # 200 are expected; a binomial count is beyond five of its standard deviations (13) once in a million times.
    assert len(counts) == 8
    assert all(abs(count - 200) < 66 for count in counts.values())


def test_turning_moves_all_frames_of_a_clip_alike_and_not_at_all_if_not_asked():
    np.random.seed(1)
    frame = np.arange(12, dtype=np.float32).reshape(3, 4)
    for _ in range(16):
        turned = RandomTurn()(dict(img=np.stack([frame, frame + 1], axis=2)))['img']
        np.testing.assert_array_equal(turned[..., 1], turned[..., 0] + 1)
        assert RandomTurn(0.0)(dict(img=frame))['img'] is frame
