"""Read infrared images and target masks from disk, without mmengine.

Damaged files are errors here.  OpenCV decodes a truncated PNG or JPEG as far
as it goes, fills the rest with black or gray and only prints a warning: a
training run would go on with half of an image.  So the container is checked
before it is decoded.
"""

from __future__ import annotations

import io
import mmap
import os
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence

from mmirstd.utils.commands import command_line
from mmirstd.utils.errors import DataError, MissingDataError

from .image_container import check_container, count_pages, has_palette, is_lossy, tiff_page_numbers, white_is_zero
from .mask_values import MaskRule, describe_mask, target_pixels

#: Suffixes looked for, in lower case, in this order.
IMAGE_SUFFIXES: tuple[str, ...] = (
    '.png',
    '.bmp',
    '.tif',
    '.tiff',
    '.jpg',
    '.jpeg',
    '.pgm',
    '.ppm',
    '.pnm',
    '.gif',
    '.webp',
)
#: Suffixes of files that may hold several images.
PAGED_SUFFIXES: tuple[str, ...] = ('.tif', '.tiff', '.gif', '.webp')
#: Suffixes of videos, in lower case.
VIDEO_SUFFIXES: tuple[str, ...] = (
    '.mp4',
    '.avi',
    '.mkv',
    '.mov',
    '.m4v',
    '.mpg',
    '.mpeg',
    '.wmv',
    '.webm',
    '.ts',
    '.mjpeg',
    '.mjpg',
    '.flv',
)
#: Where the rule of a mask is set.
MASK_CURE = ' (for all data sets: --cfg-options mask_rule=...)'


def read_image(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Read an infrared image as one channel and keep its bit depth.

    Gray, RGB and RGBA files (PNG, BMP, TIFF, JPEG, PGM, PPM, GIF, WEBP) of one image are accepted.  Alpha is
    dropped.  Equal color channels give that channel exactly; unequal ones the
    Rec. 601 luminance ``0.299 R + 0.587 G + 0.114 B``, rounded to the integer
    type of the file.

    Args:
        path: The image file.

    Returns:
        Array (H, W) of uint8, uint16 or float32, values as stored in the file; other types become float32, see
        :func:`plain_type`.

    Raises:
        MissingDataError: There is no such file.
        DataError: Empty, truncated, corrupt, not an image, or several in one file.
    """
    return to_one_channel(read_raw_image(path))


def read_raw_image(path: str | os.PathLike[str]) -> NDArray[Any]:
    """An image with all channels as they are stored, (H, W) or (H, W, C) in OpenCV's order; see :func:`read_image`."""
    return _decode(_read_bytes(path), path)


def read_mask(path: str | os.PathLike[str], rule: MaskRule = 'auto') -> NDArray[Any]:
    """Read a target mask and make it binary.

    Args:
        path: The mask file; gray, RGB (the largest channel counts), RGBA or with a palette.
        rule: Which values are target, see :data:`~.mask_values.MASK_RULES`.

    Returns:
        Array (H, W) uint8 with values 0 (background) and 1 (target).

    Raises:
        MissingDataError: There is no such file.
        DataError: Empty, truncated, corrupt or not an image, or, under ``'auto'``, a mask that cannot be understood;
            the message says which rule reads it.
    """
    return binary_mask(*read_raw_mask(path), path, rule)


def binary_mask(
    raw: NDArray[Any], lossy: bool, path: str | os.PathLike[str], rule: MaskRule = 'auto', cure: str = MASK_CURE
) -> NDArray[Any]:
    """A mask that :func:`read_raw_mask` read, made binary as :func:`read_mask` does.

    Args:
        raw: See :func:`~.mask_values.describe_mask`.
        lossy: Likewise.
        path: Where it is from, for messages.
        rule: Which values are target.
        cure: Where the rule is set, for messages.

    Raises:
        DataError: It cannot be understood.
    """
    if rule == 'auto':
        kind = describe_mask(raw, lossy)
        if kind.problem:
            raise DataError(f'{path}: {kind.problem}{cure}', option='mask_rule')
        rule = kind.rule
    try:
        return target_pixels(raw, rule, lossy)
    except ValueError as error:
        raise DataError(f'{path}: {error}', option='mask_rule') from None


def read_raw_mask(path: str | os.PathLike[str]) -> tuple[NDArray[Any], bool]:
    """A mask as it is stored, for :func:`~.mask_values.describe_mask`.

    Returns:
        (H, W) or (H, W, C) integers or floats, of a color palette its indices; and whether the compression is lossy.

    Raises:
        MissingDataError, DataError: As for :func:`read_mask`, whatever the values.
    """
    data = _read_bytes(path)
    raw = _decode(data, path)
    # Colors of a palette say how to show a class, indices which one it is; a gray palette is as good as no palette.
    if raw.ndim == 3 and has_palette(data) and not _is_gray(raw):
        try:
            with Image.open(io.BytesIO(data)) as image:
                if image.mode == 'P':
                    raw = np.asarray(image)
        except Exception as error:  # Pillow raises whatever the damaged bytes lead it into
            raise DataError(f'{path}: its palette cannot be read ({error}); save it again as PNG') from None
    return raw, is_lossy(data)


def _read_bytes(path: str | os.PathLike[str]) -> bytes:
    try:
        with open(path, 'rb') as file:
            return file.read()
    except FileNotFoundError:
        raise MissingDataError(f'{path}: no such file') from None
    except IsADirectoryError:
        raise DataError(f'{path}: a folder, expected an image file') from None
    except (OSError, ValueError) as error:  # a name that no file can have, a disk that fails
        raise DataError(f'{str(path)[:200]}: cannot be read ({error.args[-1] if error.args else error})') from None


def _decode(data: bytes, path: str | os.PathLike[str]) -> NDArray[Any]:
    """The one image of a file, as it is stored."""
    check_container(data, path)
    pages = count_pages(data)
    if pages > 1:
        raise DataError(
            f'{path}: holds {pages} images (pages or frames), expected one; save each as a file of its own. '
            f'`{command_line("infer")}` takes the pages of a TIFF, GIF or WEBP for the frames of a sequence'
        )
    if data[:3] == b'GIF':  # OpenCV reads GIF from 4.11 on
        return next(_pillow_frames(data, path))
    if data[:2] in (b'II', b'MM') and (number := tiff_page_numbers(data)[0]):
        return _tiff_page(path, number, data)  # behind a preview
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:  # for instance a header that claims billions of pixels
        image = None
    return _checked(image, data, path, white_is_zero(data))


def _checked(
    image: NDArray[Any] | None, data: bytes, path: str | os.PathLike[str], inverted: bool = False
) -> NDArray[Any]:
    if image is None or image.size == 0:
        raise DataError(
            f'{path}: cannot be decoded, although the header of this {len(data)}-byte file looks right; it is '
            'corrupt or uses an unsupported compression or kind of pixels: save it again as PNG or uncompressed TIFF'
        )
    # OpenCV turns 8 bits round itself, and leaves 16 as they are.
    return plain_type(65535 - image if inverted and image.dtype == np.uint16 else image, path)


def _pillow_frames(data: bytes, path: str | os.PathLike[str]) -> Iterator[NDArray[Any]]:
    """The frames of a GIF or WEBP, (H, W, 3) BGR uint8."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            for frame in ImageSequence.Iterator(image):
                yield np.asarray(frame.convert('RGB'))[..., ::-1]
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        yield _checked(None, data, path)


def page_count(path: str | os.PathLike[str]) -> int:
    """How many images a file holds, see :func:`~.image_container.count_pages`; little of it is read.

    Returns:
        1 also for what is empty or cannot be opened, which reading it tells.
    """
    try:
        with open(path, 'rb') as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return count_pages(content)
    except (OSError, ValueError):
        return 1


def read_pages(path: str | os.PathLike[str]) -> Iterator[NDArray[Any]]:
    """The pages of a TIFF, or the frames of a GIF or WEBP, in order, each as :func:`read_image` gives one image.

    Raises:
        MissingDataError: There is no such file.
        DataError: Empty, truncated, corrupt or not an image.
    """
    data = _read_bytes(path)
    check_container(data, path)
    if data[:2] not in (b'II', b'MM'):
        yield from map(to_one_channel, _pillow_frames(data, path))
        return
    for number in tiff_page_numbers(data):
        yield to_one_channel(_tiff_page(path, number, data))


def _tiff_page(path: str | os.PathLike[str], number: int, data: bytes) -> NDArray[Any]:
    try:
        _, images = cv2.imreadmulti(os.fspath(path), number, 1, flags=cv2.IMREAD_UNCHANGED)
    except cv2.error:
        images = ()
    return _checked(images[0] if images else None, data, path, white_is_zero(data, number))


def plain_type(array: NDArray[Any], label: str | os.PathLike[str]) -> NDArray[Any]:
    """Gray values in one of the types that are worked with: uint8, uint16, float32.

    Other floats, signed integers and integers of more than 16 bits (temperatures, for instance) become float32,
    whatever their values: one data set should not change its type from image to image.

    Raises:
        DataError: The array holds no real numbers.
    """
    if array.dtype.newbyteorder('=') in (np.uint8, np.uint16, np.float32):
        return array.astype(array.dtype.newbyteorder('='), copy=False)
    if array.dtype.kind in 'iuf':
        return array.astype(np.float32)
    raise DataError(f'{label}: pixels of type {array.dtype}; expected integers or floats: convert it')


def to_one_channel(image: NDArray[Any]) -> NDArray[Any]:
    """One channel (H, W) of a gray, BGR or BGRA array, same type; see :func:`read_image`."""
    if image.ndim == 2:
        return image
    if image.shape[2] == 1:
        return np.ascontiguousarray(image[..., 0])
    if _is_gray(image):
        return np.ascontiguousarray(image[..., 0])
    # OpenCV's fixed-point conversion is exact to one code for 8 and 16 bits and plain for floats.
    return cv2.cvtColor(np.ascontiguousarray(image[..., :3]), cv2.COLOR_BGR2GRAY)


def _is_gray(image: NDArray[Any]) -> bool:
    blue, green, red = image[..., 0], image[..., 1], image[..., 2]
    return np.array_equal(blue, green) and np.array_equal(green, red)
