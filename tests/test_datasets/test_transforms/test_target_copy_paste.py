"""TargetCopyPaste: what is pasted is a target of an earlier image, labeled where it is seen, clear of the others."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmirstd.datasets.transforms import TargetCopyPaste


def disc(
    radius: int = 3,
    at: tuple[int, int] = (20, 24),
    background: np.ndarray | float = 0.2,
    shape: tuple[int, int] = (48, 64),
    contrast: float = 0.5,
) -> dict:
    """A sample with one bright disc (column, row)."""
    mask = cv2.circle(np.zeros(shape, np.uint8), at, radius, 1, -1)
    return dict(
        img=(np.full(shape, background, np.float32) if np.isscalar(background) else background)
        + np.float32(contrast) * mask,
        gt_seg_map=mask,
    )


def empty(background: float = 0.4, shape: tuple[int, int] = (48, 64)) -> dict:
    return dict(img=np.full(shape, background, np.float32), gt_seg_map=np.zeros(shape, np.uint8))


def same(found: dict, expected: dict) -> bool:
    return all(np.array_equal(found[key], expected[key]) for key in ('img', 'gt_seg_map'))


def test_a_target_is_carried_over_with_its_label():
    """At its own size it is the same disc, as bright above the new background, and nothing else has changed."""
    np.random.seed(0)
    transform = TargetCopyPaste(prob=1.0, max_num=1, ratio=(1, 1))
    assert same(transform(disc()), disc())  # nothing to paste yet
    results = transform(empty())
    assert results['gt_seg_map'].sum() == disc()['gt_seg_map'].sum()
    np.testing.assert_allclose(results['img'], 0.4 + 0.5 * results['gt_seg_map'], atol=1e-5)


def test_the_old_background_stays_behind():
    """A disc on a slope is pasted as the disc alone."""
    np.random.seed(0)
    slope = np.broadcast_to(np.linspace(0, 0.4, 64, dtype=np.float32), (48, 64))
    transform = TargetCopyPaste(prob=1.0, max_num=1, ratio=(1, 1))
    transform(disc(background=slope))
    results = transform(empty())
    np.testing.assert_allclose(results['img'], 0.4 + 0.5 * results['gt_seg_map'], atol=1e-4)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), max_num=st.integers(1, 4), low=st.floats(0.3, 1), high=st.floats(1, 3))
def test_targets_stay_whole_and_apart(seed, max_num, low, high):
    rng = np.random.default_rng(seed)
    np.random.seed(seed)
    transform = TargetCopyPaste(prob=1.0, max_num=max_num, ratio=(low, high))
    for _ in range(4):
        before = disc(int(rng.integers(1, 6)), (int(rng.integers(0, 64)), int(rng.integers(0, 48))))
        before['img'] += rng.normal(0, 0.02, (48, 64)).astype(np.float32)
        results = transform({key: value.copy() for key, value in before.items()})
        image, mask = results['img'], results['gt_seg_map']
        assert (image.dtype, mask.dtype, image.shape, mask.shape) == (np.float32, np.uint8, (48, 64), (48, 64))
        assert set(np.unique(mask)) <= {0, 1}
        np.testing.assert_array_equal(mask & before['gt_seg_map'], before['gt_seg_map'])
        np.testing.assert_array_equal(image[before['gt_seg_map'] > 0], before['img'][before['gt_seg_map'] > 0])
        assert image.min() >= min(0, before['img'].min())
        assert image.max() <= max(1, before['img'].max())
        count, labels = cv2.connectedComponents(mask, connectivity=8)
        assert count - 1 <= 1 + max_num
        for label in range(1, count):  # two pixels of background or more around each
            near = cv2.dilate((labels == label).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
            assert set(np.unique(labels[near])) <= {0, label}


def test_large_targets_are_drawn_more_often_as_asked():
    area = {radius: disc(radius)['gt_seg_map'].sum() for radius in (1, 5)}
    ratio = area[5] / area[1]
    for power in (0.0, 0.5, 1.0):
        np.random.seed(1)
        transform = TargetCopyPaste(prob=1.0, max_num=1, ratio=(1, 1), size_power=power, bank_size=2)
        transform(disc(1))
        transform(disc(5))
        sums = np.array([transform(empty())['gt_seg_map'].sum() for _ in range(600)])
        assert np.mean(sums == area[5]) == pytest.approx(ratio**power / (1 + ratio**power), abs=0.06)


def test_how_often():
    np.random.seed(0)
    transform = TargetCopyPaste(prob=0.3)
    transform(disc())
    assert np.mean([transform(empty())['gt_seg_map'].any() for _ in range(400)]) == pytest.approx(0.3, abs=0.07)


@pytest.mark.parametrize(
    'sample',
    [
        disc(at=(2, 24)),  # its edge, or part of it, is outside
        disc(at=(20, 46)),
        dict(img=np.zeros((48, 64), np.float32), gt_seg_map=np.zeros((48, 64), np.uint8)),
    ],
)
def test_what_is_cut_off_is_not_taken(sample):
    transform = TargetCopyPaste(prob=1.0)
    transform(sample)
    assert same(transform(empty()), empty())


def test_of_close_targets_none_is_taken():
    sample = disc()
    sample['gt_seg_map'][24, 26] = 1  # three pixels beyond the disc: in its margin
    transform = TargetCopyPaste(prob=1.0)
    transform(sample)
    assert same(transform(empty()), empty())


def test_no_target_where_it_could_not_be_seen():
    """Clutter ten times as strong as the target: left out; with min_scr=0 it is pasted."""
    clutter = np.random.default_rng(0).random((48, 64), np.float32)
    for min_scr, pasted in ((2.0, False), (0.0, True)):
        np.random.seed(0)
        transform = TargetCopyPaste(prob=1.0, min_scr=min_scr)
        transform(disc(contrast=0.03))
        results = transform(dict(img=clutter.copy(), gt_seg_map=np.zeros((48, 64), np.uint8)))
        assert results['gt_seg_map'].any() == pasted
        assert np.array_equal(results['img'], clutter) != pasted


def test_a_full_range_background_hides_a_warm_target():
    """Everything is at 1 already: clipped away, so not labeled either."""
    np.random.seed(0)
    transform = TargetCopyPaste(prob=1.0)
    transform(disc())
    assert same(transform(empty(1.0)), empty(1.0))


def test_no_room():
    transform = TargetCopyPaste(prob=1.0, ratio=(1, 1))
    transform(disc(10))
    small = empty(shape=(12, 12))
    assert same(transform(small), empty(shape=(12, 12)))


def test_without_mask_or_for_a_clip_nothing_happens():
    transform = TargetCopyPaste(prob=1.0)
    transform(disc())
    assert set(transform(dict(img=empty()['img']))) == {'img'}
    clip = dict(img=np.zeros((48, 64, 5), np.float32), gt_seg_map=np.zeros((48, 64), np.uint8))
    assert not transform(clip)['gt_seg_map'].any()


def test_same_seed_same_result_and_the_bank_forgets():
    results = []
    for _ in range(2):
        np.random.seed(3)
        transform = TargetCopyPaste(prob=1.0, bank_size=1)
        transform(disc(5))
        transform(disc(1))  # the only one left
        results.append(transform(empty()))
    assert same(*results)
    assert 0 < results[0]['gt_seg_map'].sum() < 40
    assert 'bank_size=1' in repr(transform)


@pytest.mark.parametrize(
    'options',
    [
        dict(prob=1.5),
        dict(ratio=(2, 1)),
        dict(ratio=(0, 1)),
        dict(max_num=0),
        dict(bank_size=0),
        dict(size_power=-1),
        dict(min_scr=-0.1),
    ],
)
def test_bad_options(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        TargetCopyPaste(**options)
