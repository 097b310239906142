"""Size of an image file without decoding its pixels."""

from __future__ import annotations

import os

from mmirstd.utils.errors import DataError, MissingDataError

from .image_io import read_image

#: Of a mask that a label file describes; what claims more would fill the memory.
MAX_PIXELS = 2**28


def image_size(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Height and width of an image file, in pixels.

    Only the header is read where Pillow knows the format.

    Raises:
        MissingDataError, DataError: As :func:`~.image_io.read_image`.
    """
    from PIL import Image

    try:
        with Image.open(path) as image:
            return image.height, image.width
    except FileNotFoundError:
        raise MissingDataError(f'{path}: no such file') from None
    except Image.DecompressionBombError as error:
        raise DataError(f'{path}: {error}') from None
    except Exception:  # Pillow raises whatever the damaged bytes lead it into
        height, width = read_image(path).shape
        return height, width
