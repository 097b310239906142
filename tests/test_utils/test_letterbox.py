from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmirstd.utils.letterbox import fit_letterbox, undo_letterbox

side = st.integers(1, 400)


@given(shape=st.tuples(side, side), size=st.tuples(side, side), center=st.booleans())
def test_the_image_and_its_border_fill_the_letterbox(shape, size, center) -> None:
    (height, width), (top, bottom, left, right) = fit_letterbox(shape, size, center)
    assert (top + height + bottom, left + width + right) == size
    assert min(height, width) >= 1
    assert min(top, bottom, left, right) >= 0
    if center:
        assert 0 <= bottom - top <= 1
        assert 0 <= right - left <= 1
    else:
        assert top == left == 0
    # One side fills the letterbox; rounding down can take one pixel.
    assert size[0] - height <= 1 or size[1] - width <= 1


@pytest.mark.parametrize('kind', [np.array, torch.tensor])
def test_undo_is_the_inverse_and_leaves_its_input_alone(kind) -> None:
    boxes = kind([[3.0, 5.0, 7.0, 11.0], [0.0, 0.0, 53.0, 37.0]])
    (height, width), pad = fit_letterbox((37, 53), (64, 64), center=True)
    assert (height, width) == (44, 64)
    assert pad == (10, 10, 0, 0)
    factor = (width / 53, height / 37)
    placed = boxes * kind([*factor, *factor]) + kind([0.0, 10.0, 0.0, 10.0])
    before = placed[0, 0].item()
    undone = undo_letterbox(placed, factor, pad)
    assert type(undone) is type(boxes)
    np.testing.assert_allclose(np.asarray(undone), np.asarray(boxes), rtol=1e-5, atol=1e-5)
    assert placed[0, 0].item() == before
