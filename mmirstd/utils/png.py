"""Images as PNG, several times as fast as by OpenCV and about as small."""

from __future__ import annotations

import struct
import zlib
from contextlib import suppress
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

isal_zlib: Any = None
# 5 to 10 times as fast as zlib at about the same size; not every platform has a wheel of it.
with suppress(ImportError):
    from isal import isal_zlib

_SIGNATURE = b'\x89PNG\r\n\x1a\n'
#: Channels -> PNG's number for the kind of color, and OpenCV's conversion to its order.
_COLORS = {1: (0, None), 3: (2, cv2.COLOR_BGR2RGB), 4: (6, cv2.COLOR_BGRA2RGBA)}
#: Each row as the difference from the one above: good for magnified pictures, noise and photos alike.
_UP = 2
#: Bytes that are filtered and compressed at once; they stay in the cache.
_BAND = 2**17


def encode_png(image: NDArray[Any]) -> bytes:
    """An image as PNG.

    Args:
        image: (H, W), or (H, W, 1, 3 or 4) gray or BGR(A), uint8 or uint16.

    Raises:
        ValueError: PNG does not hold such an image.
    """
    image = np.asarray(image)
    channels = image.shape[2] if image.ndim == 3 else 1
    if (
        image.ndim not in (2, 3)
        or channels not in _COLORS
        or image.dtype not in (np.uint8, np.uint16)
        or not image.size
    ):
        raise ValueError(f'an image of shape {image.shape}, {image.dtype} cannot be encoded as PNG')
    color, conversion = _COLORS[channels]
    height, width = image.shape[:2]
    depth = 8 * image.dtype.itemsize
    stream = zlib.compressobj(3) if isal_zlib is None else isal_zlib.compressobj(1)
    above = np.zeros(width * channels * image.dtype.itemsize, np.uint8)
    parts = []
    step = max(1, _BAND // above.size)
    for top in range(0, height, step):
        band = image[top : top + step]
        if conversion is not None:
            band = cv2.cvtColor(np.ascontiguousarray(band), conversion)
        rows = np.ascontiguousarray(band, image.dtype.newbyteorder('>')).view(np.uint8).reshape(len(band), -1)
        filtered = np.empty((len(rows), 1 + above.size), np.uint8)
        filtered[:, 0] = _UP
        np.subtract(rows[0], above, out=filtered[0, 1:])
        np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
        above = rows[-1]
        parts.append(stream.compress(filtered.data))
    data = b''.join((*parts, stream.flush()))
    header = struct.pack('>IIBBBBB', width, height, depth, color, 0, 0, 0)
    return b''.join((_SIGNATURE, *_chunk(b'IHDR', header), *_chunk(b'IDAT', data), *_chunk(b'IEND', b'')))


def _chunk(kind: bytes, data: bytes) -> tuple[bytes, ...]:
    return struct.pack('>I', len(data)), kind, data, struct.pack('>I', zlib.crc32(data, zlib.crc32(kind)))
