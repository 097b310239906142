from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmcv.transforms.utils import cache_random_params

from mmirstd.datasets.transforms import TargetAwareCrop


def coded(height: int, width: int, rng: np.random.Generator):
    """An image whose values are its positions, with a mask that can be read off them."""
    image = np.arange(height * width, dtype=np.float32).reshape(height, width)
    mask = (rng.random((height, width)) < 0.01).astype(np.uint8)
    return image, mask


@settings(max_examples=100, deadline=None)
@given(
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    size=st.tuples(st.integers(1, 50), st.integers(1, 50)),
    p=st.sampled_from([0.0, 0.7, 1.0]),
    pad=st.sampled_from(['reflect', 'edge', 'constant']),
    seed=st.integers(0, 1000),
)
def test_image_and_mask_stay_aligned(height, width, size, p, pad, seed):
    np.random.seed(seed)
    image, mask = coded(height, width, np.random.default_rng(seed))
    # pad_value=-1 is no position, so padded pixels can be told
    results = TargetAwareCrop(size, p, pad, pad_value=-1)(dict(img=image, gt_seg_map=mask))
    assert results['img'].shape == results['gt_seg_map'].shape == results['img_shape'] == size
    positions = results['img'].astype(int)
    expected = np.where(positions < 0, 0, mask.reshape(-1)[np.maximum(positions, 0)])
    np.testing.assert_array_equal(results['gt_seg_map'], expected)


@settings(max_examples=60, deadline=None)
@given(height=st.integers(1, 40), width=st.integers(1, 40), seed=st.integers(0, 1000))
def test_padding_keeps_the_image_at_the_upper_left(height, width, seed):
    image, mask = coded(height, width, np.random.default_rng(seed))
    results = TargetAwareCrop(40)(dict(img=image, gt_seg_map=mask))
    np.testing.assert_array_equal(results['img'][:height, :width], image)
    np.testing.assert_array_equal(results['gt_seg_map'][:height, :width], mask)


@settings(max_examples=60, deadline=None)
@given(height=st.integers(20, 90), width=st.integers(20, 90), seed=st.integers(0, 1000))
def test_with_p_1_every_crop_has_a_target(height, width, seed):
    np.random.seed(seed)
    mask = np.zeros((height, width), np.uint8)
    mask[np.random.randint(height), np.random.randint(width)] = 1
    results = TargetAwareCrop(16, p_target=1.0)(dict(img=np.zeros((height, width), np.float32), gt_seg_map=mask))
    assert results['gt_seg_map'].sum() == 1


def test_share_of_crops_with_a_target():
    """One pixel in 512x512: a uniform 64-pixel crop holds it in under 2 of 100 cases."""
    np.random.seed(0)
    image, mask = np.zeros((512, 512), np.float32), np.zeros((512, 512), np.uint8)
    mask[300, 200] = 1
    share = {
        p: np.mean([TargetAwareCrop(64, p)(dict(img=image, gt_seg_map=mask))['gt_seg_map'].any() for _ in range(600)])
        for p in (0.0, 0.7)
    }
    assert share[0.0] < 0.06
    assert 0.63 < share[0.7] < 0.77


def test_each_target_has_the_same_chance():
    np.random.seed(0)
    image, mask = np.zeros((200, 200), np.float32), np.zeros((200, 200), np.uint8)
    mask[10:30, 10:30] = 1  # 400 pixels
    mask[180, 180] = 1
    crops = [TargetAwareCrop(32, 1.0)(dict(img=image, gt_seg_map=mask))['gt_seg_map'] for _ in range(400)]
    assert 0.4 < np.mean([crop.sum() == 1 and crop.any() for crop in crops]) < 0.65


def test_the_target_is_anywhere_in_the_crop():
    np.random.seed(0)
    mask = np.zeros((100, 100), np.uint8)
    mask[50, 50] = 1
    crops = [
        TargetAwareCrop(8, 1.0)(dict(img=np.zeros((100, 100), np.float32), gt_seg_map=mask))['gt_seg_map']
        for _ in range(600)
    ]
    assert np.sum(crops, axis=0).min() > 0


def test_all_background_and_no_mask():
    image = np.ones((50, 50), np.float32)
    assert not TargetAwareCrop(32, 1.0)(dict(img=image, gt_seg_map=np.zeros((50, 50), np.uint8)))['gt_seg_map'].any()
    assert TargetAwareCrop(32)(dict(img=image))['img'].shape == (32, 32)


def test_reflected_targets_stay_labeled():
    image, mask = np.zeros((10, 10), np.float32), np.zeros((10, 10), np.uint8)
    image[8, 8] = mask[8, 8] = 1
    results = TargetAwareCrop(16)(dict(img=image, gt_seg_map=mask))
    assert cv2.countNonZero(results['gt_seg_map']) == 4
    np.testing.assert_array_equal(results['img'], results['gt_seg_map'])


def test_reproducible_and_cacheable():
    image, mask = coded(60, 60, np.random.default_rng(0))
    crop = TargetAwareCrop(16)
    np.random.seed(5)
    first = crop(dict(img=image, gt_seg_map=mask))['img']
    np.random.seed(5)
    np.testing.assert_array_equal(crop(dict(img=image, gt_seg_map=mask))['img'], first)
    with cache_random_params(crop):
        pair = [crop(dict(img=image, gt_seg_map=mask))['img'] for _ in range(5)]
    assert all(np.array_equal(pair[0], other) for other in pair)


@pytest.mark.parametrize(
    'options', [dict(size=0), dict(size=(1, 2, 3)), dict(size=8, p_target=1.5), dict(size=8, pad='zero')]
)
def test_wrong_options(options):
    with pytest.raises(ValueError, match='expected'):
        TargetAwareCrop(**options)


def test_the_drawn_pixel_is_that_of_the_whole_image() -> None:
    """Only the part with targets is labeled; what a seed draws stays what it was."""

    def of_the_whole(mask: np.ndarray) -> tuple[int, int] | None:
        count, labels = cv2.connectedComponents(mask, connectivity=8)
        if count < 2:
            return None
        rows, columns = np.nonzero(labels == np.random.randint(1, count))
        pick = np.random.randint(len(rows))
        return int(rows[pick]), int(columns[pick])

    generator = np.random.default_rng(0)
    for seed in range(300):
        mask = np.zeros((60, 61), np.uint8)
        top, left, height, width = generator.integers(1, 30, 4)
        part = mask[top : top + height, left : left + width]
        part[:] = generator.random(part.shape) < generator.choice([0.0, 0.02, 0.1, 0.3, 0.5])
        found = []
        for draw in (of_the_whole, TargetAwareCrop._draw_target_pixel):
            np.random.seed(seed)
            found.append(draw(mask))
        assert found[0] == found[1]
