from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from mmirstd.datasets.image_io import page_count, read_image, read_mask, read_pages
from mmirstd.utils.errors import DataError, MissingDataError
from tests.shared import REPO, SHARED, needs_shared

from .helpers import scene, write

GRAY8 = scene(0)[0]
GRAY16 = (GRAY8.astype(np.uint16) * 257) ^ 0x0055  # uses all 16 bits


@pytest.mark.parametrize('suffix', ['.png', '.bmp', '.tif', '.pgm', '.gif'])
def test_gray_8_bit_is_exact(tmp_path, suffix):
    Image.fromarray(GRAY8).save(tmp_path / f'a{suffix}')
    read = read_image(tmp_path / f'a{suffix}')
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, GRAY8)


@pytest.mark.parametrize('suffix', ['.png', '.tif', '.tiff', '.pgm'])
def test_16_bit_keeps_its_depth(tmp_path, suffix):
    read = read_image(write(tmp_path / f'a{suffix}', GRAY16))
    assert read.dtype == np.uint16
    np.testing.assert_array_equal(read, GRAY16)


def test_float_tiff(tmp_path):
    image = GRAY8.astype(np.float32) / 7 - 3
    read = read_image(write(tmp_path / 'a.tif', image))
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, image)


@pytest.mark.parametrize('image', [GRAY8, GRAY16], ids=['8 bit', '16 bit'])
def test_equal_color_channels_give_that_channel_exactly(tmp_path, image):
    np.testing.assert_array_equal(read_image(write(tmp_path / 'rgb.png', np.dstack([image] * 3))), image)


def test_rgba_png_drops_alpha(tmp_path):
    alpha = np.arange(GRAY8.size, dtype=np.uint8).reshape(GRAY8.shape)  # anything but opaque
    read = read_image(write(tmp_path / 'rgba.png', np.dstack([GRAY8, GRAY8, GRAY8, alpha])))
    np.testing.assert_array_equal(read, GRAY8)


def test_unequal_color_channels_give_luminance(tmp_path):
    rng = np.random.default_rng(1)
    bgr = rng.integers(0, 256, (20, 30, 3), np.uint8)
    expected = bgr.astype(float) @ [0.114, 0.587, 0.299]
    read = read_image(write(tmp_path / 'color.png', bgr))
    assert read.dtype == np.uint8
    assert np.abs(read - expected).max() <= 1


def test_jpeg(tmp_path):
    smooth = cv2.GaussianBlur(GRAY8, (0, 0), 3)
    assert np.abs(read_image(write(tmp_path / 'a.jpg', smooth)).astype(int) - smooth).max() < 10


@pytest.mark.parametrize(('high', 'dtype'), [(1, np.uint8), (255, np.uint8), (255, np.uint16), (65535, np.uint16)])
def test_mask_codes(tmp_path, high, dtype):
    mask = (scene(0)[1] > 0).astype(dtype) * high
    read = read_mask(write(tmp_path / 'mask.png', mask))
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, scene(0)[1] > 0)


def test_mask_threshold_is_half_of_the_largest_code(tmp_path):
    mask = np.array([[0, 1, 127, 128, 254, 255]], np.uint8)
    assert read_mask(write(tmp_path / 'mask.png', mask)).tolist() == [[0, 0, 0, 1, 1, 1]]


def test_rgb_and_rgba_masks(tmp_path):
    mask = scene(0)[1]
    zero, opaque = np.zeros_like(mask), np.full_like(mask, 255)
    for name, array in (('rgb', [mask] * 3), ('red', [zero, zero, mask]), ('rgba', [mask, mask, mask, opaque])):
        read = read_mask(write(tmp_path / f'{name}.png', np.dstack(array)))
        np.testing.assert_array_equal(read, mask > 0, err_msg=name)


def test_empty_masks_stay_empty_even_with_jpeg_noise(tmp_path):
    assert not read_mask(write(tmp_path / 'a.png', np.zeros((9, 9), np.uint8))).any()
    assert not read_mask(write(tmp_path / 'a.jpg', np.eye(9, dtype=np.uint8))).any()


@pytest.mark.parametrize('suffix', ['.png', '.jpg', '.bmp', '.tif', '.pgm', '.gif', '.webp'])
@pytest.mark.parametrize('share', [0.1, 0.5, 0.9, 0.99])
def test_truncated_files_are_errors(tmp_path, suffix, share):
    """OpenCV alone would return a picture with a black or gray lower part for PNG, JPEG and TIFF."""
    path = tmp_path / f'cut{suffix}'
    Image.fromarray(GRAY8).save(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(DataError, match=r'cut\.\w+: truncated or corrupt image \(\d+ bytes\).*download it again'):
        read_image(path)


def test_truncation_to_any_length_is_an_error(tmp_path):
    path = write(tmp_path / 'cut.png', GRAY8[:8, :8])
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(DataError):
            read_image(path)


def test_flipped_bit_in_the_pixels_is_an_error(tmp_path):
    path = write(tmp_path / 'bit.png', GRAY8)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(bytes(data))
    with pytest.raises(DataError, match='checksum'):
        read_image(path)


def test_bytes_after_the_end_are_harmless(tmp_path):
    path = write(tmp_path / 'tail.png', GRAY8)
    path.write_bytes(path.read_bytes() + b'appended by some tool')
    np.testing.assert_array_equal(read_image(path), GRAY8)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'', r'empty \(0 bytes\)'),
        (b'<html>404 Not Found</html>', "not an image.*b'<html>404"),
        (b'version https://git-lfs.github.com/spec/v1\n', 'not an image'),
    ],
)
def test_what_is_no_image(tmp_path, content, message):
    path = tmp_path / 'bad.png'
    path.write_bytes(content)
    for read in (read_image, read_mask):
        with pytest.raises(DataError, match=message) as caught:
            read(path)
        assert 'bad.png' in str(caught.value)


def test_content_counts_not_the_suffix(tmp_path):
    path = write(tmp_path / 'a.bmp', GRAY8)
    np.testing.assert_array_equal(read_image(path.rename(tmp_path / 'a.png')), GRAY8)


def test_header_that_claims_too_much(tmp_path):
    import struct
    import zlib

    header = b'IHDR' + struct.pack('>IIBBBBB', 2**30, 2**30, 8, 0, 0, 0, 0)
    chunks = [header, b'IDAT' + zlib.compress(b'\0' * 100), b'IEND']
    path = tmp_path / 'huge.png'
    path.write_bytes(
        b'\x89PNG\r\n\x1a\n'
        + b''.join(struct.pack('>I', len(c) - 4) + c + struct.pack('>I', zlib.crc32(c)) for c in chunks)
    )
    with pytest.raises(DataError, match='huge.png: claims 1073741824x1073741824 pixels'):
        read_image(path)


def test_a_damaged_png_names_the_chunk_in_words(tmp_path):
    data = write(tmp_path / 'a.png', GRAY8).read_bytes()
    at = data.index(b'IDAT') + 8
    (tmp_path / 'short.png').write_bytes(data[:at])
    with pytest.raises(DataError, match='the PNG ends inside a chunk IDAT of'):
        read_image(tmp_path / 'short.png')
    (tmp_path / 'flipped.png').write_bytes(data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :])
    with pytest.raises(DataError, match='wrong checksum in a chunk IDAT'):
        read_image(tmp_path / 'flipped.png')


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(MissingDataError, match='nowhere.png: no such file'):
        read_image(tmp_path / 'nowhere.png')
    with pytest.raises(DataError, match='a folder'):
        read_image(tmp_path)


def test_works_without_mmengine():
    code = (
        'import sys\n'
        'import mmirstd.datasets, mmirstd.datasets.image_io, mmirstd.datasets.split_file\n'
        'import mmirstd.datasets.synthetic\n'
        'assert not {"mmengine", "mmcv", "torch"} & set(sys.modules), "heavy import"'
    )
    subprocess.run([sys.executable, '-c', code], cwd=REPO, check=True, timeout=60)


@pytest.mark.parametrize('dtype', [np.int8, np.int16, np.int32, np.float64])
def test_other_types_of_pixels_become_float32(tmp_path, dtype):
    """By their type, not by their values: one data set should not change its type from image to image."""
    tifffile = pytest.importorskip('tifffile')
    image = GRAY8.astype(dtype) // 2
    if dtype != np.int8:
        image -= 100
    tifffile.imwrite(tmp_path / 'a.tif', image)
    read = read_image(tmp_path / 'a.tif')
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, image)


def test_webp(tmp_path):
    Image.fromarray(GRAY8).save(tmp_path / 'a.webp', lossless=True)
    np.testing.assert_array_equal(read_image(tmp_path / 'a.webp'), GRAY8)


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16])
def test_a_tiff_whose_least_code_is_white(tmp_path, dtype):
    tifffile = pytest.importorskip('tifffile')
    largest = np.iinfo(dtype).max
    codes = np.random.default_rng(0).integers(0, largest, (8, 9), dtype)
    tifffile.imwrite(tmp_path / 'a.tif', codes, photometric='miniswhite')
    np.testing.assert_array_equal(read_image(tmp_path / 'a.tif'), largest - codes)
    pages = np.stack((codes, codes[::-1]))
    tifffile.imwrite(tmp_path / 'b.tif', pages, photometric='miniswhite')
    np.testing.assert_array_equal(np.stack(list(read_pages(tmp_path / 'b.tif'))), largest - pages)


@pytest.mark.parametrize('suffix', ['.tif', '.gif', '.webp', '.png'])
def test_several_images_in_a_file_are_an_error_and_can_be_read_one_by_one(tmp_path, suffix):
    frames = [scene(seed)[0] for seed in range(4)]
    path = tmp_path / f'stack{suffix}'
    first, *others = map(Image.fromarray, frames)
    first.save(path, save_all=True, append_images=others, **(dict(lossless=True) if suffix == '.webp' else {}))
    assert page_count(path) == 4
    for read in (read_image, read_mask):
        with pytest.raises(DataError, match=r'stack\.\w+: holds 4 images .* expected one'):
            read(path)
    np.testing.assert_array_equal(list(read_pages(path)), frames)


def test_16_bit_pages(tmp_path):
    frames = np.stack([GRAY16, GRAY16[::-1]])
    assert cv2.imwritemulti(str(tmp_path / 'a.tif'), list(frames))
    read = list(read_pages(tmp_path / 'a.tif'))
    assert read[0].dtype == np.uint16
    np.testing.assert_array_equal(read, frames)


def test_a_preview_is_no_page(tmp_path):
    tifffile = pytest.importorskip('tifffile')
    with tifffile.TiffWriter(tmp_path / 'a.tif') as file:
        file.write(GRAY8[::4, ::4], subfiletype=1)
        file.write(GRAY8)
        file.write(GRAY8[::-1])
    assert page_count(tmp_path / 'a.tif') == 2
    np.testing.assert_array_equal(list(read_pages(tmp_path / 'a.tif')), [GRAY8, GRAY8[::-1]])


def test_a_single_page_behind_a_preview_is_the_image(tmp_path):
    tifffile = pytest.importorskip('tifffile')
    with tifffile.TiffWriter(tmp_path / 'a.tif') as file:
        file.write(GRAY8[::4, ::4], subfiletype=1)
        file.write(GRAY8)
    np.testing.assert_array_equal(read_image(tmp_path / 'a.tif'), GRAY8)


def test_pages_of_what_is_no_image(tmp_path):
    (tmp_path / 'a.tif').write_bytes(b'')
    assert page_count(tmp_path / 'a.tif') == page_count(tmp_path / 'none.tif') == 1
    with pytest.raises(DataError, match='empty'):
        next(read_pages(tmp_path / 'a.tif'))


@needs_shared
@pytest.mark.parametrize('name', ['NUAA-SIRST', 'NUDT-SIRST'])
def test_real_pairs(name):
    """Every 20th pair loads, has a target and, Misc_111 apart, equal sizes."""
    root = SHARED / 'data' / name
    paths = sorted((root / 'images').iterdir())[::20]
    assert len(paths) > 20
    for path in paths:
        mask = read_mask(root / 'masks' / path.name)
        assert mask.any()
        assert path.stem == 'Misc_111' or read_image(path).shape == mask.shape
