from __future__ import annotations

import numpy as np
import pytest

from mmirstd.visualization.video_overlay import DisplayRange, draw_targets
from tests.test_apis.helpers import scene


@pytest.mark.parametrize('shape', [(64, 96), (49, 65), (1, 1), (1001, 701)])
def test_size_is_even_and_depends_on_the_frame_alone(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 65535, shape).astype(np.uint16)
    bare = draw_targets(image, [])
    marked = draw_targets(image, [(0, 0, 1, 1, 0.9)] * 5, 'frame 3')
    assert bare.shape == marked.shape
    assert bare.dtype == np.uint8
    assert bare.shape[0] % 2 == bare.shape[1] % 2 == 0
    zoom = max(1, 640 // max(shape))
    assert bare.shape[0] - shape[0] * zoom in (0, 1)


def test_the_target_is_marked_and_stays_visible() -> None:
    image = scene()
    bare = draw_targets(image, [])
    marked = draw_targets(image, [(39, 29, 42, 32, 0.87)])
    changed = (bare != marked).any(2)
    assert changed.any()
    assert not changed[29 * 6 : 32 * 6, 39 * 6 : 42 * 6].any()
    rows, columns = np.nonzero(changed)
    assert abs(rows.mean() - 30.5 * 6) < 40
    assert abs(columns.mean() - 40.5 * 6) < 60


def test_the_range_follows_slowly() -> None:
    follow = DisplayRange(0.9)
    dark, bright = scene(), scene().astype(np.uint16) * 100
    low, high = follow.update(dark)
    assert follow.update(dark) == (low, high)
    after = follow.update(bright)
    target = DisplayRange().update(bright)
    assert after[1] == pytest.approx(0.9 * high + 0.1 * target[1])
