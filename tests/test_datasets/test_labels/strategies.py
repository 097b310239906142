"""Random targets for property tests."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mmirstd.datasets.labels.shapes import Box, Mask, mask_of

HEIGHT, WIDTH = 24, 40


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    """Boxes of a tenth of a pixel at least, anywhere in the image."""
    x, y = draw(st.floats(0, WIDTH - 0.1)), draw(st.floats(0, HEIGHT - 0.1))
    return Box(x, y, draw(st.floats(x + 0.1, WIDTH)), draw(st.floats(y + 0.1, HEIGHT)))


@st.composite
def masks(draw: st.DrawFn) -> Mask:
    """Pixels of any pattern, with holes and parts."""
    pixels = draw(arrays(np.bool_, st.tuples(st.integers(1, 8), st.integers(1, 8))))
    pixels[0, 0] = True
    found = mask_of(pixels, draw(st.integers(0, WIDTH - 8)), draw(st.integers(0, HEIGHT - 8)))
    assert found is not None
    return found


def canvas(mask: Mask | None) -> np.ndarray:
    """The mask in the whole image."""
    full = np.zeros((HEIGHT, WIDTH), bool)
    if mask is not None:
        rows, columns = mask.pixels.shape
        full[mask.top : mask.top + rows, mask.left : mask.left + columns] = mask.pixels
    return full
