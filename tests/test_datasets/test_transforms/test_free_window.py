"""Windows without target, by themselves and in TargetAwareCrop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmirstd.datasets.transforms import TargetAwareCrop
from mmirstd.datasets.transforms.free_window import draw_free_window, near_targets


@settings(max_examples=150, deadline=None)
@given(
    height=st.integers(1, 60),
    width=st.integers(1, 60),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    targets=st.integers(0, 6),
    seed=st.integers(0, 1000),
    held=st.booleans(),
)
def test_no_window_holds_a_target(
    height: int, width: int, size: tuple[int, int], targets: int, seed: int, held: bool
) -> None:
    np.random.seed(seed)
    blocked = np.zeros((height, width), np.uint8)
    blocked[np.random.randint(height, size=targets), np.random.randint(width, size=targets)] = 1
    pixel = (int(np.random.randint(height)), int(np.random.randint(width))) if held else None
    window = draw_free_window(blocked, size, (3, 3), pixel)
    full = min(size[0], height), min(size[1], width)
    places = [
        (top, left)
        for top in range(height - full[0] + 1)
        for left in range(width - full[1] + 1)
        if not blocked[top : top + full[0], left : left + full[1]].any()
        and (pixel is None or (top <= pixel[0] < top + full[0] and left <= pixel[1] < left + full[1]))
    ]
    if window is None:
        assert not places
        return
    rows, columns = window
    part = blocked[window]
    assert not part.any()
    assert min(3, full[0]) <= part.shape[0] <= full[0]
    assert min(3, full[1]) <= part.shape[1] <= full[1]
    if places:  # whole windows come first
        assert (rows.start, columns.start) in places
        assert part.shape == full
    if pixel is not None:
        assert rows.start <= pixel[0] < rows.stop
        assert columns.start <= pixel[1] < columns.stop


def test_all_whole_windows_have_the_same_chance() -> None:
    blocked = np.zeros((10, 10), np.uint8)
    blocked[4, 4] = 1
    np.random.seed(0)
    drawn = [draw_free_window(blocked, (4, 4), (1, 1)) for _ in range(1000)]
    counts = np.zeros((7, 7), int)
    for window in drawn:
        assert window is not None
        counts[window[0].start, window[1].start] += 1
    assert not counts[1:5, 1:5].any()
    assert counts[counts > 0].min() > 15  # 30 are expected of each of the 33
    assert counts.max() < 55


def test_margin() -> None:
    mask = np.zeros((9, 9), np.uint8)
    mask[4, 4] = 1
    assert near_targets(mask, 2).sum() == 25
    assert near_targets(np.where(mask, 0.6, 0.4).astype(np.float32), 0).sum() == 1
    assert near_targets(np.stack([mask, np.roll(mask, 1, axis=0)], axis=-1)[::-1], 0).sum() == 2


def test_share_of_crops_without_target() -> None:
    """A target in the middle of an image as large as the window: what is beside it is mirrored."""
    image = np.random.default_rng(0).random((64, 64)).astype(np.float32)
    mask = np.zeros((64, 64), np.uint8)
    mask[30:33, 30:33] = 1
    image[mask > 0] = 5
    np.random.seed(0)
    for p_free, low, high in ((0.0, 0, 0), (0.3, 0.2, 0.4), (1.0, 1, 1)):
        crop = TargetAwareCrop(64, p_target=0.8, p_free=p_free)
        crops = [crop(dict(img=image, gt_seg_map=mask)) for _ in range(200)]
        free = [not one['gt_seg_map'].any() for one in crops]
        assert low <= np.mean(free) <= high
        for one, empty in zip(crops, free):
            assert one['img'].shape == one['gt_seg_map'].shape == one['img_shape'] == (64, 64)
            assert (one['img'].max() < 5) == empty


def test_what_a_seed_draws_stays_where_none_is_asked_for() -> None:
    image, mask = np.random.default_rng(0).random((90, 90)).astype(np.float32), np.zeros((90, 90), np.uint8)
    mask[10, 20] = mask[70, 60] = 1
    np.random.seed(3)
    TargetAwareCrop(32)(dict(img=image, gt_seg_map=mask))
    after = np.random.rand()
    np.random.seed(3)
    np.random.rand()  # whether a target is looked for
    TargetAwareCrop._draw_target_pixel(mask)
    np.random.randint(2), np.random.randint(2)
    assert np.random.rand() == after


def test_a_false_target_is_in_its_window() -> None:
    image, mask = np.zeros((80, 100), np.float32), np.zeros((80, 100), np.uint8)
    mask[40:44, 40:44] = 1
    image[12, 90] = 1
    place = (12.5 / 80, 90.5 / 100)
    np.random.seed(0)
    for _ in range(50):
        out = TargetAwareCrop(32)(dict(img=image, gt_seg_map=mask, false_target=place))
        assert out['img'].max() == 1
        assert not out['gt_seg_map'].any()
    # beside a target there is no window without one; the false target is what counts
    image[45, 45] = 1
    near = TargetAwareCrop(32, margin=4)(dict(img=image, gt_seg_map=mask, false_target=(45.5 / 80, 45.5 / 100)))
    assert near['img'].max() == 1
    assert near['gt_seg_map'].any()
    assert TargetAwareCrop(32)(dict(img=image, false_target=place))['img'].max() == 1


@pytest.mark.parametrize('wrong', [dict(p_free=1.5), dict(margin=-1)])
def test_wrong_options(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match='expected'):
        TargetAwareCrop(32, **wrong)
