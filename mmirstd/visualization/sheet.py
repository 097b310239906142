"""Several pictures on one sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from .drawing import GAP, blank


def contact_sheet(images: Sequence[np.ndarray], columns: int = 2, cell_width: int | None = None) -> np.ndarray:
    """Put pictures on one sheet, row by row.

    Args:
        images: uint8, (H, W) or (H, W, 3) BGR; sizes may differ.
        columns: Pictures in a row.
        cell_width: Each picture is resized to this width; None keeps the sizes.

    Returns:
        uint8 BGR. Pictures lie in the upper left corner of cells that fit the
        largest.

    Raises:
        ValueError: No picture, or ``columns`` < 1.
    """
    if not len(images) or columns < 1:
        raise ValueError(
            f'a contact sheet needs at least one picture and one column, found {len(images)} and {columns}'
        )
    cells = []
    for image in images:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image
        if cell_width is not None:
            ratio = cell_width / image.shape[1]
            image = cv2.resize(
                image,
                (cell_width, max(1, round(image.shape[0] * ratio))),
                interpolation=cv2.INTER_AREA if ratio < 1 else cv2.INTER_NEAREST,
            )
        cells.append(image)
    columns = min(columns, len(cells))
    height = max(c.shape[0] for c in cells) + GAP
    width = max(c.shape[1] for c in cells) + GAP
    rows = math.ceil(len(cells) / columns)
    sheet = blank(rows * height + GAP, columns * width + GAP)
    for k, cell in enumerate(cells):
        y, x = GAP + k // columns * height, GAP + k % columns * width
        sheet[y : y + cell.shape[0], x : x + cell.shape[1]] = cell
    return sheet
