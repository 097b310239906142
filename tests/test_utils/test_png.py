"""Every decoder reads our PNGs, and sees the pixels that went in."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from mmirstd.utils import png
from mmirstd.utils.png import encode_png

IMAGES = st.sampled_from([np.uint8, np.uint16]).flatmap(
    lambda kind: hnp.arrays(kind, st.sampled_from([(1, 1), (7, 5), (7, 5, 3), (3, 9, 4)]))
)


@given(image=IMAGES, slow=st.booleans(), band=st.integers(1, 100))
def test_png_keeps_every_pixel(image: np.ndarray, slow: bool, band: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if slow:
            patch.setattr(png, 'isal_zlib', None)
        patch.setattr(png, '_BAND', band)
        data = encode_png(image)
    back = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(back, image)
    assert back.dtype == image.dtype


@given(image=IMAGES.filter(lambda image: image.ndim == 2 or image.dtype == np.uint8))
def test_pillow_agrees_on_the_order_of_channels(image: np.ndarray) -> None:
    back = np.asarray(Image.open(io.BytesIO(encode_png(image))))
    order = {2: np.s_[:, :]}.get(image.ndim, np.s_[:, :, [2, 1, 0, *range(3, image.shape[-1])]])
    np.testing.assert_array_equal(back, image[order])


def test_views_and_one_channel() -> None:
    image = np.arange(60, dtype=np.uint16).reshape(6, 10) * 1000
    for view in (image[::2, ::-1], image.T, image[..., None]):
        back = cv2.imdecode(np.frombuffer(encode_png(view), np.uint8), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(back, view.reshape(back.shape))


def test_what_repeats_costs_nothing() -> None:
    assert len(encode_png(np.full((512, 512, 3), 30, np.uint8))) < 512 * 512 * 3 / 100


@pytest.mark.parametrize('image', [np.zeros((2, 2)), np.zeros((2, 2, 2), np.uint8), np.zeros((0, 3), np.uint8)])
def test_what_png_does_not_hold(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match='cannot be encoded'):
        encode_png(image)
