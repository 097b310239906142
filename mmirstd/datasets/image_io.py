"""Read infrared images and target masks from disk, without mmengine.

Damaged files are errors here.  OpenCV decodes a truncated PNG or JPEG as far
as it goes, fills the rest with black or gray and only prints a warning: a
training run would go on with half of an image.  So the container is checked
before it is decoded.
"""

from __future__ import annotations

import io
import os
import struct
import zlib

import cv2
import numpy as np
from PIL import Image

from .errors import DataError, MissingDataError
from .mask_values import MaskRule, describe_mask, target_pixels

#: Suffixes looked for, in lower case, in this order.
IMAGE_SUFFIXES: tuple[str, ...] = ('.png', '.bmp', '.tif', '.tiff', '.jpg', '.jpeg')

_RAW_DTYPES = (np.uint8, np.uint16, np.float32)


def read_image(path: str | os.PathLike) -> np.ndarray:
    """Read an infrared image as one channel and keep its bit depth.

    Gray, RGB and RGBA files (PNG, BMP, TIFF, JPEG) are accepted.  Alpha is
    dropped.  Equal colour channels give that channel exactly; unequal ones the
    Rec. 601 luminance ``0.299 R + 0.587 G + 0.114 B``, rounded to the integer
    type of the file.

    Args:
        path: the image file.

    Returns:
        Array (H, W) of uint8, uint16 or float32 (other float widths become
        float32), values as stored in the file.

    Raises:
        MissingDataError: there is no such file.
        DataError: empty, truncated, corrupt or not an image.
    """
    return to_one_channel(_decode(_read_bytes(path), path))


def read_mask(path: str | os.PathLike, rule: MaskRule = 'auto') -> np.ndarray:
    """Read a target mask and make it binary.

    Args:
        path: the mask file; gray, RGB (the largest channel counts), RGBA or with a palette.
        rule: which values are target, see :data:`~.mask_values.MASK_RULES`.

    Returns:
        Array (H, W) uint8 with values 0 (background) and 1 (target).

    Raises:
        MissingDataError: there is no such file.
        DataError: empty, truncated, corrupt or not an image, or, under ``'auto'``, a mask that cannot be understood;
            the message says which rule reads it.
    """
    raw, lossy = read_raw_mask(path)
    if rule == 'auto':
        kind = describe_mask(raw, lossy)
        if kind.problem:
            raise DataError(f'{path}: {kind.problem} (mask_rule is an option of the data set; of the command line for '
                            'all: --cfg-options mask_rule=...)')
        rule = kind.rule
    try:
        return target_pixels(raw, rule, lossy)
    except ValueError as error:
        raise DataError(f'{path}: {error}') from None


def read_raw_mask(path: str | os.PathLike) -> tuple[np.ndarray, bool]:
    """A mask as it is stored, for :func:`~.mask_values.describe_mask`.

    Returns:
        (H, W) or (H, W, C) integers or floats, of a color palette its indices; and whether the compression is lossy.

    Raises:
        MissingDataError, DataError: as for :func:`read_mask`, whatever the values.
    """
    data = _read_bytes(path)
    raw = _decode(data, path)
    # Colors of a palette say how to show a class, indices which one it is; a gray palette is as good as no palette.
    if raw.ndim == 3 and _has_palette(data) and not _is_gray(raw):
        with Image.open(io.BytesIO(data)) as image:
            if image.mode == 'P':
                raw = np.asarray(image)
    return raw, data.startswith(b'\xff\xd8')


def _has_palette(data: bytes) -> bool:
    return data.startswith(b'\x89PNG') and data[25] == 3 or data[:3] == b'GIF' or data[:2] in (b'BM', b'II', b'MM')


def check_container(data: bytes, path: str | os.PathLike) -> None:
    """Raise :class:`DataError` unless ``data`` is a complete image file.

    PNG: every chunk is there up to IEND and its CRC is right.  JPEG: an
    end-of-image marker follows the last scan.  BMP: as many bytes as the
    header's size needs.  TIFF: the strips or tiles that the first directory
    names lie inside the file.
    """
    if not data:
        raise DataError(f'{path}: the file is empty (0 bytes); copy or download it again')
    if data.startswith(b'\x89PNG\r\n\x1a\n'):
        _check_png(data, path)
    elif data.startswith(b'\xff\xd8'):
        if data.rfind(b'\xff\xd9') < data.rfind(b'\xff\xda') or b'\xff\xda' not in data:
            raise _truncated(path, len(data), 'the JPEG end-of-image marker is missing')
    elif data.startswith(b'BM'):
        _check_bmp(data, path)
    elif data[:4] in (b'II*\x00', b'MM\x00*'):
        _check_tiff(data, path)
    elif data[:4] not in (b'II+\x00', b'MM\x00+'):  # BigTIFF is left to the decoder
        raise DataError(
            f'{path}: not an image that can be read: it starts with {data[:16]!r}; expected PNG, BMP, TIFF or '
            'JPEG content (the name of a file does not make it an image)')


def _read_bytes(path: str | os.PathLike) -> bytes:
    try:
        with open(path, 'rb') as file:
            return file.read()
    except FileNotFoundError:
        raise MissingDataError(f'{path}: no such file') from None
    except IsADirectoryError:
        raise DataError(f'{path}: a folder, expected an image file') from None


def _decode(data: bytes, path: str | os.PathLike) -> np.ndarray:
    check_container(data, path)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:  # for instance a header that claims billions of pixels
        image = None
    if image is None or image.size == 0:
        raise DataError(
            f'{path}: OpenCV cannot decode this {len(data)}-byte file although its header looks right; it is '
            'corrupt or uses an unsupported compression: save it again as PNG or uncompressed TIFF')
    if image.dtype.kind == 'f':
        image = image.astype(np.float32, copy=False)
    elif image.dtype not in _RAW_DTYPES:
        raise DataError(
            f'{path}: pixels of type {image.dtype}; expected 8- or 16-bit unsigned integers or floats: convert it')
    return image


def to_one_channel(image: np.ndarray) -> np.ndarray:
    """One channel (H, W) of a gray, BGR or BGRA array, same type; see :func:`read_image`."""
    if image.ndim == 2:
        return image
    if image.shape[2] == 1:
        return np.ascontiguousarray(image[..., 0])
    if _is_gray(image):
        return np.ascontiguousarray(image[..., 0])
    # OpenCV's fixed-point conversion is exact to one code for 8 and 16 bits and plain for floats.
    return cv2.cvtColor(np.ascontiguousarray(image[..., :3]), cv2.COLOR_BGR2GRAY)


def _is_gray(image: np.ndarray) -> bool:
    blue, green, red = image[..., 0], image[..., 1], image[..., 2]
    return np.array_equal(blue, green) and np.array_equal(green, red)


def _truncated(path: str | os.PathLike, size: int, reason: str) -> DataError:
    return DataError(f'{path}: truncated or corrupt image ({size} bytes): {reason}; copy or download it again')


def _check_png(data: bytes, path: str | os.PathLike) -> None:
    position = 8
    view = memoryview(data)
    while True:
        if position + 12 > len(data):
            raise _truncated(path, len(data), 'the PNG ends before its IEND chunk')
        length, = struct.unpack_from('>I', data, position)
        kind = data[position + 4:position + 8]
        end = position + 8 + length
        if end + 4 > len(data):
            raise _truncated(path, len(data), f'the PNG ends inside a {kind!r} chunk of {length} bytes')
        stored, = struct.unpack_from('>I', data, end)
        # Only chunks that carry pixels: harmless tools are known to leave wrong checksums on text chunks.
        if kind in (b'IHDR', b'PLTE', b'IDAT') and zlib.crc32(view[position + 4:end]) != stored:
            raise _truncated(path, len(data), f'wrong checksum in a {kind!r} chunk')
        if kind == b'IEND':
            return
        position = end + 4


def _check_bmp(data: bytes, path: str | os.PathLike) -> None:
    if len(data) < 54:
        raise _truncated(path, len(data), 'the BMP ends inside its header')
    if data[14] < 40:  # OS/2's header has another layout; left to the decoder
        return
    offset, = struct.unpack_from('<I', data, 10)
    width, height, _, bits, compression = struct.unpack_from('<iiHHI', data, 18)
    if compression == 0:
        need = offset + (width * bits + 31) // 32 * 4 * abs(height)
        if len(data) < need:
            raise _truncated(path, len(data), f'a {width}x{abs(height)} {bits}-bit BMP needs {need} bytes')


def _check_tiff(data: bytes, path: str | os.PathLike) -> None:
    # 273/279: strip offsets and byte counts; 324/325: the same for tiles (TIFF 6.0).
    try:
        tags = _tiff_tags(data, (273, 279, 324, 325))
    except struct.error:
        raise _truncated(path, len(data), 'the TIFF ends before its directory') from None
    offsets = tags.get(273, ()) + tags.get(324, ())
    counts = tags.get(279, ()) + tags.get(325, ())
    for offset, length in zip(offsets, counts):
        if offset + length > len(data):
            raise _truncated(path, len(data), f'the TIFF needs {offset + length} bytes')


def _tiff_tags(data: bytes, wanted: tuple[int, ...]) -> dict[int, tuple[int, ...]]:
    """Whole-number tags of the first directory of a TIFF or BigTIFF; struct.error where the file ends before them."""
    order = '<' if data[:2] == b'II' else '>'
    big = data[2:4] in (b'+\0', b'\0+')
    word, count_letter, header, length = ('Q', 'Q', 8, 20) if big else ('I', 'H', 4, 12)
    room = struct.calcsize(f'={word}')  # values that fit stand in the entry itself
    sizes = {1: 1, 3: 2, 4: 4, 16: 8}  # BYTE, SHORT, LONG, LONG8: the only types these tags may have
    letters = {1: 'B', 3: 'H', 4: 'I', 16: 'Q'}
    directory, = struct.unpack_from(order + word, data, header)
    count, = struct.unpack_from(order + count_letter, data, directory)
    tags: dict[int, tuple[int, ...]] = {}
    first = directory + struct.calcsize(f'={count_letter}')
    for entry in range(first, first + min(count, 4096) * length, length):
        tag, kind, number = struct.unpack_from(f'{order}HH{word}', data, entry)
        if tag in wanted and kind in sizes:
            place = entry + 4 + room
            if sizes[kind] * number > room:
                place, = struct.unpack_from(order + word, data, place)
            if place + sizes[kind] * number > len(data):
                raise struct.error('a tag points behind the end')
            tags[tag] = struct.unpack_from(f'{order}{number}{letters[kind]}', data, place)
    return tags


def image_size(data: bytes) -> tuple[int, int] | None:
    """Width and height that the header of a PNG, BMP, JPEG or TIFF claims, without decoding any pixel.

    Args:
        data: The file's content.

    Returns:
        Pixels, or None where the content is of another kind or its header is damaged.
    """
    try:
        if data.startswith(b'\x89PNG\r\n\x1a\n'):
            return struct.unpack_from('>II', data, 16)
        if data.startswith(b'BM'):
            core = struct.unpack_from('<I', data, 14)[0] == 12  # OS/2's header has 16-bit sizes
            width, height = struct.unpack_from('<HH' if core else '<ii', data, 18)
            return abs(width), abs(height)
        if data.startswith(b'\xff\xd8'):
            return _jpeg_size(data)
        if data[:4] in (b'II*\0', b'MM\0*', b'II+\0', b'MM\0+'):
            tags = _tiff_tags(data, (256, 257))
            return tags[256][0], tags[257][0]
    except (struct.error, KeyError, IndexError):
        pass
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """From the frame header: SOF0 to SOF15 but for DHT, JPG and DAC, which lie between them (ITU-T T.81, table B.1)."""
    position = 2
    while True:
        prefix, marker = struct.unpack_from('BB', data, position)
        if prefix != 0xFF:
            return None
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from('>HH', data, position + 5)
            return width, height
        alone = marker == 0x01 or 0xD0 <= marker <= 0xD8
        position += 2 if alone else 2 + struct.unpack_from('>H', data, position + 2)[0]
