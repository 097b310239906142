from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from mmirstd.datasets.image_container import (
    check_container,
    claimed_size,
    count_pages,
    has_palette,
    is_lossy,
)
from mmirstd.utils.errors import DataError

from .helpers import scene

GRAY8 = scene(0)[0]
SUFFIXES = ['.png', '.bmp', '.tif', '.jpg', '.gif', '.webp', '.pgm', '.ppm']


def encoded(suffix: str, image: np.ndarray, **options) -> bytes:
    file = io.BytesIO()
    picture = Image.fromarray(image)
    (picture.convert('RGB') if suffix == '.ppm' else picture).save(
        file, {'.tif': 'tiff', '.jpg': 'jpeg', '.pgm': 'ppm'}.get(suffix, suffix[1:]), **options
    )
    return file.getvalue()


@pytest.mark.parametrize('suffix', SUFFIXES)
def test_complete_files_pass_and_cut_ones_do_not(suffix):
    data = encoded(suffix, GRAY8)
    check_container(data, 'a')
    assert count_pages(data) == 1
    for share in (0.5, 0.9):
        with pytest.raises(DataError, match='^a: truncated or corrupt'):
            check_container(data[: int(share * len(data))], 'a')


@pytest.mark.parametrize('suffix', SUFFIXES)
def test_whatever_is_missing_pages_are_counted_without_an_exception(suffix):
    data = encoded(suffix, GRAY8[:9, :9])
    for end in range(len(data)):
        assert count_pages(data[:end]) == 1


def test_tiff_pages_are_all_checked():
    file = io.BytesIO()
    first = Image.fromarray(GRAY8)
    first.save(file, 'tiff', save_all=True, append_images=[first, first])
    data = file.getvalue()
    assert count_pages(data) == 3
    with pytest.raises(DataError, match='truncated'):
        check_container(data[: -GRAY8.size // 2], 'a')


def test_a_tiff_whose_directories_lead_in_circles_ends():
    data = bytearray(encoded('.tif', GRAY8))
    directory = int.from_bytes(data[4:8], 'little')
    entries = int.from_bytes(data[directory : directory + 2], 'little')
    link = directory + 2 + 12 * entries
    data[link : link + 4] = data[4:8]
    assert count_pages(bytes(data)) == 1


def test_netpbm_headers():
    pixels = bytes(range(12))
    for header in (b'P5 4 3 255\n', b'P5\n# 9 9\n4 3\n#x\n255\n', b'P5\t4\r\n3 100\n'):
        check_container(header + pixels, 'a')
        assert claimed_size(header + pixels) == (4, 3)
        with pytest.raises(DataError, match='a 4x3 P5 image needs'):
            check_container(header + pixels[:-1], 'a')
    for header in (b'P5 4 x 255\n', b'P5 4 3 0\n', b'P5 4 3 70000\n', b'P5 4'):
        with pytest.raises(DataError, match='header'):
            check_container(header + pixels, 'a')
    two = b'P5 4 3 255\n' + pixels
    assert count_pages(two + two) == 2
    assert count_pages(two + b'\n') == 1
    assert claimed_size(b'P6 2 2 255\n') == (2, 2)


def test_a_gif_frame_larger_than_its_canvas_counts():
    data = bytearray(encoded('.gif', GRAY8))
    data[6:10] = bytes([1, 0, 1, 0])
    assert claimed_size(bytes(data)) == GRAY8.shape[::-1]


def test_lossy():
    assert is_lossy(encoded('.jpg', GRAY8))
    assert is_lossy(encoded('.webp', GRAY8))
    assert is_lossy(encoded('.tif', GRAY8, compression='jpeg'))
    assert not is_lossy(encoded('.webp', GRAY8, lossless=True))
    assert not any(is_lossy(encoded(suffix, GRAY8)) for suffix in ('.png', '.bmp', '.tif', '.gif', '.pgm'))


def test_palettes():
    colors = Image.fromarray(GRAY8).convert('RGB').quantize(8)
    file = io.BytesIO()
    colors.save(file, 'png')
    assert has_palette(file.getvalue())
    assert not has_palette(encoded('.png', GRAY8))


@pytest.mark.parametrize('suffix', ['.png', '.bmp', '.tif', '.jpg', '.webp', '.pnm'])
@pytest.mark.parametrize('channels', [1, 3])
def test_size_by_the_header(suffix, channels):
    image = np.zeros((37, 53, channels), np.uint8)
    assert claimed_size(cv2.imencode(suffix, image)[1].tobytes()) == (53, 37)


def test_size_by_unusual_headers():
    tifffile = pytest.importorskip('tifffile')
    for options in (
        dict(bigtiff=True),
        dict(byteorder='>'),
        dict(bigtiff=True, byteorder='>'),
        dict(tile=(16, 16)),
        dict(rowsperstrip=1),
    ):
        for dtype in (np.uint16, np.float32):
            file = io.BytesIO()
            tifffile.imwrite(file, np.zeros((37, 53), dtype), **options)
            assert claimed_size(file.getvalue()) == (53, 37)
    progressive = cv2.imencode('.jpg', GRAY8, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    assert claimed_size(progressive) == GRAY8.shape[::-1]
    # A comment before the frame header, with the frame header's marker in it.
    comment = b'\xff\xfe\x00\x08\xff\xc0\x00\x11\x08\x00'
    assert claimed_size(progressive[:2] + comment + progressive[2:]) == GRAY8.shape[::-1]
    core = b'BM' + bytes(12) + (12).to_bytes(4, 'little') + (53).to_bytes(2, 'little') + (37).to_bytes(2, 'little')
    assert claimed_size(core) == (53, 37)
    upside_down = (
        b'BM'
        + bytes(12)
        + (40).to_bytes(4, 'little')
        + (53).to_bytes(4, 'little')
        + (-37).to_bytes(4, 'little', signed=True)
    )
    assert claimed_size(upside_down) == (53, 37)


@pytest.mark.parametrize('suffix', ['.png', '.bmp', '.tif', '.jpg', '.gif', '.webp', '.pgm'])
def test_no_size_in_a_damaged_header(suffix):
    data = encoded(suffix, GRAY8)
    assert claimed_size(data[:6]) is None
    assert claimed_size(b'text') is None
    for end in range(40):
        claimed_size(data[:end])  # whatever is missing, it is no exception
