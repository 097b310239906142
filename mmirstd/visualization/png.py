"""Pictures as PNG files."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np


def save_png(path: str | os.PathLike, picture: np.ndarray) -> None:
    """Write a uint8 picture as PNG; folders are made.

    The file appears complete or not at all, so that two ranks of a distributed
    run that share a padded sample cannot leave a broken picture. Paths with
    non-ASCII characters work on every system (``cv2.imwrite``'s do not).

    Raises:
        OSError: The folder cannot be written to.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    done, data = cv2.imencode('.png', picture, [cv2.IMWRITE_PNG_COMPRESSION, 3])
    if not done:
        raise ValueError(f'{path}: cannot encode a picture of shape {picture.shape}, dtype {picture.dtype}')
    temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
    temporary.write_bytes(data.tobytes())
    os.replace(temporary, path)
