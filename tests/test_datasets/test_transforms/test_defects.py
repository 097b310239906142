from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from mmirstd.datasets.transforms import RandomDefects

FLAT = np.full((60, 80), 0.5, np.float32)
SLOPE = np.linspace(0.2, 0.7, 80, dtype=np.float32)[None] + np.zeros((60, 1), np.float32)


def changes(image: np.ndarray, mask: np.ndarray | None = None, **options: Any) -> np.ndarray:
    results = dict(img=image) if mask is None else dict(img=image, gt_seg_map=mask)
    out: np.ndarray = RandomDefects(prob=1.0, **options)(results)['img'] - image
    return out


@pytest.mark.parametrize(('kind', 'sign'), [('hot', {1}), ('dead', {-1}), ('blinking', {-1, 1})])
def test_single_pixels_of_each_kind(kind: str, sign: set[int]) -> None:
    np.random.seed(0)
    found = changes(SLOPE, kinds=[kind], density=(0.01, 0.01), contrast=(0.1, 0.4))
    changed = np.argwhere(found)
    assert 30 < len(changed) <= 48  # a few fall on one place
    assert set(np.sign(found[found != 0]).astype(int)) == sign
    if kind != 'blinking':  # by the share asked for of a range of 0.5, or what is left of [0, 1]
        assert np.abs(found[found != 0]).min() > 0.04
        assert np.abs(found).max() < 0.21


def test_they_keep_away_from_targets_whose_mask_stays() -> None:
    mask = np.zeros(FLAT.shape, np.uint8)
    mask[20:40, 30:50] = 1
    before = mask.copy()
    near = cv2.dilate(mask, np.ones((7, 7), np.uint8)) > 0
    for seed in range(20):
        np.random.seed(seed)
        found = changes(FLAT, mask, density=(0.05, 0.05), distance=3)
        assert found.any()
        assert not found[near].any()
    np.testing.assert_array_equal(mask, before)
    np.random.seed(0)
    assert changes(FLAT, mask, density=(0.2, 0.2), distance=0)[near & (mask == 0)].any()


def test_an_image_of_targets_alone_stays() -> None:
    assert not changes(FLAT, np.ones(FLAT.shape, np.uint8)).any()


def test_the_range_is_kept_and_a_flat_image_gets_some() -> None:
    np.random.seed(0)
    out = changes(SLOPE, density=(0.05, 0.05), contrast=(5.0, 5.0)) + SLOPE
    assert (out.min(), out.max()) == (0, 1)
    assert changes(FLAT).any()


def test_in_a_clip_dead_and_hot_pixels_stay_and_others_blink() -> None:
    clip = np.repeat(SLOPE[..., None], 4, axis=2)
    np.random.seed(0)
    still = changes(clip, np.zeros(clip.shape, np.uint8), kinds=['dead', 'hot'], density=(0.02, 0.02))
    assert still.any()
    np.testing.assert_array_equal(still, np.repeat(still[..., :1], 4, axis=2))
    blinking = changes(clip, kinds=['blinking'], density=(0.02, 0.02), contrast=(0.05, 0.05))
    rows, columns = np.nonzero(blinking.any(axis=2))
    assert (np.ptp(blinking[rows, columns], axis=1) > 0).all()


@pytest.mark.parametrize(
    'wrong',
    [
        dict(prob=2.0),
        dict(density=(0.0, 0.1)),
        dict(contrast=(0.5, 0.1)),
        dict(kinds=['cold']),
        dict(kinds=[]),
        dict(distance=-1),
    ],
)
def test_wrong_options(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match='expected'):
        RandomDefects(**wrong)
