"""What an image file's bytes say before any pixel is decoded: whether it is complete, how large it is, how many pages.

Decoders fill up what is missing of a truncated file and take the first image of several, without an error.
"""

from __future__ import annotations

import mmap
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from mmirstd.utils.errors import DataError

#: A file's content; a memory map will do for what only looks at headers.
Content = bytes | mmap.mmap

_TIFF = (b'II*\0', b'MM\0*', b'II+\0', b'MM\0+')
_PNG = b'\x89PNG\r\n\x1a\n'
#: More cannot be: deflate (PNG) makes 1032 bytes of one, each of eight pixels at most; GIF and JPEG have less.
_PIXELS_A_BYTE = 10_000
_TEXT_FORMS = (b'P1', b'P2', b'P3')  # netpbm's text forms, whose length says nothing


def check_container(data: bytes, path: str | os.PathLike[str]) -> None:
    """Raise :class:`DataError` unless ``data`` is a complete image file.

    PNG: every chunk is there up to IEND and its CRC is right.  JPEG: an end-of-image marker follows the last scan.
    BMP, PGM, PPM: as many bytes as the header's size needs.  TIFF: the strips or tiles of every page lie inside the
    file.  GIF: every block is there up to the trailer.  WEBP: as many bytes as the header says.
    PNG, JPEG, GIF: their bytes can hold as many pixels as the header claims.
    """
    if not data:
        raise DataError(f'{path}: the file is empty (0 bytes); copy or download it again')
    if data.startswith(_PNG):
        _check_png(data, path)
    elif data.startswith(b'\xff\xd8'):
        if data.rfind(b'\xff\xd9') < data.rfind(b'\xff\xda') or b'\xff\xda' not in data:
            raise _truncated(path, len(data), 'the JPEG end-of-image marker is missing')
    elif data.startswith(b'BM'):
        _check_bmp(data, path)
    elif data[:4] in _TIFF:
        _check_tiff(data, path)
    elif data[:6] in (b'GIF87a', b'GIF89a'):
        if len(data) < 13 or not _gif(data).complete:
            raise _truncated(path, len(data), 'the GIF ends before its trailer')
    elif data[:4] == b'RIFF' and data[8:12] == b'WEBP':
        need = struct.unpack_from('<I', data, 4)[0] + 8
        if len(data) < need:
            raise _truncated(path, len(data), f'the WEBP needs {need} bytes')
    elif _is_netpbm(data):
        _check_netpbm(data, path)
    else:
        raise DataError(
            f'{path}: not an image that can be read: it starts with {data[:16]!r}; expected PNG, BMP, TIFF, JPEG, '
            'PGM, PPM, GIF or WEBP content (the name of a file does not make it an image)'
        )
    if data.startswith((_PNG, b'\xff\xd8', b'GIF')):
        width, height = claimed_size(data) or (0, 0)
        if width * height > _PIXELS_A_BYTE * len(data):
            raise DataError(
                f'{path}: claims {width}x{height} pixels, which do not fit into {len(data)} bytes, however they are '
                'compressed; it is corrupt, or made to fill the memory'
            )


def claimed_size(data: bytes) -> tuple[int, int] | None:
    """Width and height that the header of an image file claims, without decoding any pixel.

    Args:
        data: The file's content.

    Returns:
        Pixels, of several pages the largest width and height; None where the content is of another kind or its header
        is damaged.
    """
    try:
        if data.startswith(_PNG):
            return struct.unpack_from('>II', data, 16)
        if data.startswith(b'BM'):
            core = struct.unpack_from('<I', data, 14)[0] == 12  # OS/2's header has 16-bit sizes
            width, height = struct.unpack_from('<HH' if core else '<ii', data, 18)
            return abs(width), abs(height)
        if data.startswith(b'\xff\xd8'):
            return _jpeg_size(data)
        if data[:4] in _TIFF:
            sizes = [(tags[256][0], tags[257][0]) for tags in _tiff_pages(data, (256, 257))]
            return max(width for width, _ in sizes), max(height for _, height in sizes)
        if data[:4] == b'RIFF':
            return _webp_size(data)
        if data[:3] == b'GIF':
            found = _gif(data)
            return found.width, found.height
        if _is_netpbm(data):
            _, width, height, _, _ = _netpbm_header(data, 0)
            return width, height
    except (struct.error, KeyError, IndexError, ValueError):
        pass
    return None


def count_pages(data: Content) -> int:
    """How many images a file holds: pages of a TIFF, frames of a GIF, WEBP or PNG, images of a PGM or PPM.

    A TIFF's previews (reduced copies) and transparency masks do not count.

    Args:
        data: The file's content, or a memory map of it.

    Returns:
        At least 1; 1 for every other kind of file, and for a damaged one, which :func:`check_container` tells.
    """
    try:
        if data[:4] in _TIFF:
            return len(tiff_page_numbers(data))
        if data[:3] == b'GIF':
            return max(1, _gif(data).frames)
        if data[:8] == _PNG:
            position = data[:512].find(b'acTL')  # stands near the beginning, if at all
            return 1 if position < 0 else max(1, struct.unpack_from('>I', data, position + 4)[0])
        if data[:4] == b'RIFF' and data[8:12] == b'WEBP':
            return max(1, sum(kind == b'ANMF' for kind, _, _ in _riff_chunks(data)))
        if _is_netpbm(data):
            return _count_netpbm(data)
    except (struct.error, ValueError):
        pass
    return 1


def tiff_page_numbers(data: Content) -> list[int]:
    """Which directories of a TIFF are pages, from 0: all but previews (reduced copies) and transparency masks.

    Raises:
        struct.error: The file ends before its directories do.
    """
    kinds = [tags.get(254, (0,))[0] for tags in _tiff_pages(data, (254,))]
    return [number for number, kind in enumerate(kinds) if not kind & 5] or [0]


def white_is_zero(data: Content, number: int = 0) -> bool:
    """Whether the least code of a TIFF's directory stands for white."""
    if data[:4] not in _TIFF:
        return False
    try:
        tags = list(_tiff_pages(data, (262,)))
    except struct.error:
        return False
    return number < len(tags) and tags[number].get(262) == (0,)


def is_lossy(data: bytes) -> bool:
    """Whether pixels were changed by compression: JPEG, also in a TIFF, and lossy WEBP."""
    if data[:4] in _TIFF:
        try:
            return next(_tiff_pages(data, (259,)), {}).get(259) in ((6,), (7,))
        except struct.error:
            return False
    if data[:4] == b'RIFF':
        return any(kind == b'VP8 ' for kind, _, _ in _riff_chunks(data))
    return data.startswith(b'\xff\xd8')


def has_palette(data: bytes) -> bool:
    """Whether the pixels may be indices into a palette; a TIFF and a BMP are only asked for what they are."""
    return data[:8] == _PNG and data[25] == 3 or data[:3] == b'GIF' or data[:2] == b'BM' or data[:4] in _TIFF


def _truncated(path: str | os.PathLike[str], size: int, reason: str) -> DataError:
    return DataError(f'{path}: truncated or corrupt image ({size} bytes): {reason}; copy or download it again')


def _chunk_name(kind: bytes) -> str:
    """A PNG chunk's four letters, as text also where they are damaged."""
    return kind.decode('ascii', 'backslashreplace')


def _check_png(data: bytes, path: str | os.PathLike[str]) -> None:
    position = 8
    view = memoryview(data)
    while True:
        if position + 12 > len(data):
            raise _truncated(path, len(data), 'the PNG ends before its IEND chunk')
        (length,) = struct.unpack_from('>I', data, position)
        kind = data[position + 4 : position + 8]
        end = position + 8 + length
        if end + 4 > len(data):
            raise _truncated(path, len(data), f'the PNG ends inside a chunk {_chunk_name(kind)} of {length} bytes')
        (stored,) = struct.unpack_from('>I', data, end)
        # Only chunks that carry pixels: harmless tools are known to leave wrong checksums on text chunks.
        if kind in (b'IHDR', b'PLTE', b'IDAT') and zlib.crc32(view[position + 4 : end]) != stored:
            raise _truncated(path, len(data), f'wrong checksum in a chunk {_chunk_name(kind)}')
        if kind == b'IEND':
            return
        position = end + 4


def _check_bmp(data: bytes, path: str | os.PathLike[str]) -> None:
    if len(data) < 54:
        raise _truncated(path, len(data), 'the BMP ends inside its header')
    if data[14] < 40:  # OS/2's header has another layout; left to the decoder
        return
    (offset,) = struct.unpack_from('<I', data, 10)
    width, height, _, bits, compression = struct.unpack_from('<iiHHI', data, 18)
    if compression == 0:
        need = offset + (width * bits + 31) // 32 * 4 * abs(height)
        if len(data) < need:
            raise _truncated(path, len(data), f'a {width}x{abs(height)} {bits}-bit BMP needs {need} bytes')


def _check_tiff(data: bytes, path: str | os.PathLike[str]) -> None:
    # 273/279: strip offsets and byte counts; 324/325: the same for tiles (TIFF 6.0).
    try:
        pages = list(_tiff_pages(data, (273, 279, 324, 325)))
    except struct.error:
        raise _truncated(path, len(data), 'the TIFF ends before its directory') from None
    for tags in pages:
        offsets = tags.get(273, ()) + tags.get(324, ())
        counts = tags.get(279, ()) + tags.get(325, ())
        for offset, length in zip(offsets, counts):
            if offset + length > len(data):
                raise _truncated(path, len(data), f'the TIFF needs {offset + length} bytes')


def _tiff_pages(data: Content, wanted: tuple[int, ...]) -> Iterator[dict[int, tuple[int, ...]]]:
    """Whole-number tags of each directory of a TIFF or BigTIFF; struct.error where the file ends before them."""
    order = '<' if data[:2] == b'II' else '>'
    big = data[2:4] in (b'+\0', b'\0+')
    word, count_letter, header, length = ('Q', 'Q', 8, 20) if big else ('I', 'H', 4, 12)
    room = struct.calcsize(f'={word}')  # values that fit stand in the entry itself
    sizes = {1: 1, 3: 2, 4: 4, 16: 8}  # BYTE, SHORT, LONG, LONG8: the only types these tags may have
    letters = {1: 'B', 3: 'H', 4: 'I', 16: 'Q'}
    (directory,) = struct.unpack_from(order + word, data, header)
    seen: set[int] = set()
    while directory and directory not in seen:  # a damaged file may lead round in circles
        seen.add(directory)
        if directory > len(data):
            raise struct.error('a directory lies beyond the end of the file')
        (count,) = struct.unpack_from(order + count_letter, data, directory)
        tags: dict[int, tuple[int, ...]] = {}
        first = directory + struct.calcsize(f'={count_letter}')
        for entry in range(first, first + min(count, 4096) * length, length):
            tag, kind, number = struct.unpack_from(f'{order}HH{word}', data, entry)
            if tag in wanted and kind in sizes:
                place = entry + 4 + room
                if sizes[kind] * number > room:
                    (place,) = struct.unpack_from(order + word, data, place)
                if place + sizes[kind] * number > len(data):
                    raise struct.error('a tag points behind the end')
                tags[tag] = struct.unpack_from(f'{order}{number}{letters[kind]}', data, place)
        yield tags
        (directory,) = struct.unpack_from(order + word, data, first + count * length)


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


@dataclass(frozen=True)
class _Gif:
    """What a GIF's blocks say: the canvas with all frames on it, their number, and whether the trailer is there."""

    width: int
    height: int
    frames: int
    complete: bool


def _gif(data: Content) -> _Gif:
    """Walk through the blocks; struct.error where the file ends inside its header."""
    width, height, flags = struct.unpack_from('<HHB', data, 6)
    position = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    frames = 0
    try:
        while True:
            (kind,) = struct.unpack_from('B', data, position)
            if kind == 0x3B:
                return _Gif(width, height, frames, True)
            if kind == 0x2C:
                left, top, across, down, flags = struct.unpack_from('<4HB', data, position + 1)
                # A frame may be larger than the canvas, which decoders then enlarge.
                width, height, frames = max(width, left + across), max(height, top + down), frames + 1
                position += 10 + (3 << (flags & 7) + 1 if flags & 0x80 else 0) + 1
            elif kind == 0x21:
                position += 2
            else:
                break
            while length := struct.unpack_from('B', data, position)[0]:
                position += length + 1
            position += 1
    except struct.error:
        pass
    return _Gif(width, height, frames, False)


def _riff_chunks(data: Content) -> Iterator[tuple[bytes, int, int]]:
    """Kind, position of the content, and length of each chunk of a RIFF file."""
    position = 12
    while position + 8 <= len(data):
        (length,) = struct.unpack_from('<I', data, position + 4)
        yield data[position : position + 4], position + 8, length
        position += 8 + length + length % 2


def _webp_size(data: bytes) -> tuple[int, int] | None:
    kind, start, _ = next(_riff_chunks(data), (b'', 0, 0))
    if kind == b'VP8X':
        width, height = (int.from_bytes(data[start + k : start + k + 3], 'little') + 1 for k in (4, 7))
        return width, height
    if kind == b'VP8L':
        (bits,) = struct.unpack_from('<I', data, start + 1)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b'VP8 ':
        width, height = struct.unpack_from('<HH', data, start + 6)
        return width & 0x3FFF, height & 0x3FFF
    return None


def _is_netpbm(data: Content) -> bool:
    return data[:1] == b'P' and data[1:2] in b'123456' and data[2:3].isspace()


def _netpbm_header(data: Content, position: int) -> tuple[bytes, int, int, int, int]:
    """Kind, width, height, largest value and where the pixels begin; ValueError where it is none."""
    kind = data[position : position + 2]
    position += 2
    numbers: list[int] = []
    while len(numbers) < (2 if kind in (b'P1', b'P4') else 3):
        byte = data[position : position + 1]
        if byte == b'#':
            while data[position : position + 1] not in (b'\n', b'\r', b''):
                position += 1
        elif byte.isspace():
            position += 1
        else:
            end = position
            while data[end : end + 1].isdigit():
                end += 1
            numbers.append(int(data[position:end]))  # ValueError where there is no digit
            position = end
    width, height, largest = (*numbers, 1)[:3]
    if not 0 < largest < 65536:
        raise ValueError(f'a largest value of {largest}')
    return kind, width, height, largest, position + 1


def _netpbm_end(kind: bytes, width: int, height: int, largest: int, start: int) -> int:
    """Where the pixels of a binary image end."""
    row = (width + 7) // 8 if kind == b'P4' else width * (3 if kind == b'P6' else 1) * (2 if largest > 255 else 1)
    return start + row * height


def _check_netpbm(data: bytes, path: str | os.PathLike[str]) -> None:
    try:
        header = _netpbm_header(data, 0)
    except ValueError:
        raise _truncated(path, len(data), 'the header of the PGM or PPM is incomplete or wrong') from None
    need = _netpbm_end(*header)
    if header[0] not in _TEXT_FORMS and len(data) < need:
        raise _truncated(path, len(data), f'a {header[1]}x{header[2]} {header[0].decode()} image needs {need} bytes')


def _count_netpbm(data: Content) -> int:
    count, position = 0, 0
    while data[position : position + 1] == b'P':
        header = _netpbm_header(data, position)
        count += 1
        if header[0] in _TEXT_FORMS:
            break
        position = _netpbm_end(*header)
    return max(1, count)
