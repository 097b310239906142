"""Labels of the drone detection data set: MATLAB ``groundTruth`` objects in ``.mat`` files.

Svanström, Englund, Alonso-Fernandez, "Real-Time Drone Detection and Tracking With Visible, Thermal and Acoustic
Sensors", ICPR 2020.

``mcos-decoder`` opens the object (a closed format); the table in it is read here. Its own ``load_groundtruth`` (0.1.0)
tells cells by their size in bytes, which goes wrong on these files: a path of 32 characters counts as a frame without
target and shifts all labels by one (34 of the 114 files of the split lists), and a frame with two targets counts as a
frame without any (219 frames).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mmirstd.utils.errors import DataError, MissingDataError
from mmirstd.utils.renamed import renamed_names

from ..mat_file import load_mat

if not TYPE_CHECKING:
    __getattr__ = renamed_names(__name__, {'LabelledBox': 'LabeledBox'})

_MATRIX, _STRUCT = 14, 2


@dataclass(frozen=True)
class LabeledBox:
    """A box of one frame.

    Attributes:
        kind: The label's name, ``AIRPLANE``, ``BIRD``, ``DRONE`` or ``HELICOPTER``.
        bbox: x, y, width, height in pixels; x and y are 0 at the left and top edge of the image (MATLAB's count from
            1 is undone).
    """

    kind: str
    bbox: tuple[float, float, float, float]


def read_labels(path: str | os.PathLike[str]) -> list[list[LabeledBox]]:
    """The boxes of each frame, in the order of the frames.

    Raises:
        ImportError: ``mcos-decoder`` is not installed.
        MissingDataError: No such file.
        DataError: Not a ``groundTruth`` file, or one laid out in another way.
    """
    table = _label_table(path)
    flags, dims, _, width, names = (child.as_array() for child in table.children[:5])
    del flags
    size, text = int(width[0]), bytes(names.astype(np.uint8))
    fields = [text[k : k + size].split(b'\0')[0].decode('ascii', 'replace') for k in range(0, len(text), size)]
    cells = table.children[5:]
    rows = int(np.prod(dims))
    if len(cells) != rows * len(fields):
        raise DataError(
            f'{path}: the label table has {len(cells)} cells for {rows} frames and the fields {fields}; '
            f'expected {rows * len(fields)}: the file is damaged'
        )
    labels = []
    for row in range(rows):
        boxes: list[LabeledBox] = []
        for field, cell in zip(fields, cells[row * len(fields) : (row + 1) * len(fields)]):
            if field != 'Time':
                boxes.extend(LabeledBox(field, box) for box in _boxes(cell, f'{path}: frame {row + 1}, {field}'))
        labels.append(boxes)
    return labels


def _boxes(cell: Any, where: str) -> list[tuple[float, float, float, float]]:
    """A K x 4 matrix, stored by columns."""
    if len(cell.children) < 4:
        raise DataError(f'{where}: the cell holds no matrix; expected K x 4 numbers')
    dims, values = cell.children[1].as_array(), cell.children[3].as_array()
    if values is None or dims is None:
        raise DataError(f'{where}: the cell holds no numbers; only rectangle labels can be read')
    if not values.size:
        return []
    if dims.tolist() != [values.size // 4, 4]:
        raise DataError(
            f'{where}: a matrix of {"x".join(map(str, dims.tolist()))}; expected K x 4 (x, y, width, '
            'height): only rectangle labels can be read'
        )
    boxes = values.reshape(4, -1).T.astype(np.float64)
    return [(x - 1, y - 1, w, h) for x, y, w, h in boxes.tolist()]


def _label_table(path: str | os.PathLike[str]) -> Any:
    """The struct array with one element per frame and a field ``Time``."""
    try:
        from mcos_decoder import MatStream
    except ImportError:
        raise ImportError(
            f'{path}: reading MATLAB groundTruth labels needs the package mcos-decoder, which is not '
            'installed; it is in the extra drone-ir of mmirstd\n  cure: '
            'pip install "mcos-decoder>=0.1,<0.2"'
        ) from None

    if not os.path.isfile(path):
        raise MissingDataError(f'{path}: no such label file')
    try:
        workspace = load_mat(path).get('__function_workspace__')
    except Exception as error:  # scipy raises whatever the damaged bytes lead it into
        raise DataError(
            f'{path}: not a MATLAB file that can be read ({type(error).__name__}: {error}); copy or download it again'
        ) from None
    if workspace is None:
        raise DataError(
            f'{path}: a MATLAB file without objects; expected a groundTruth object of the Computer Vision Toolbox'
        )
    for element in _walk(MatStream(workspace.tobytes(), skip_header=8).walk()):
        if _is_struct_with_time(element):
            return element
    raise DataError(
        f'{path}: no label table (a struct with the field Time) in the groundTruth object; the file is '
        'damaged or was written by an unknown version of MATLAB'
    )


def _walk(elements: Any) -> Iterator[Any]:
    for element in elements:
        yield element
        yield from _walk(element.children)


def _is_struct_with_time(element: Any) -> bool:
    if element.type_id != _MATRIX or len(element.children) < 6:
        return False
    flags, names = element.children[0].as_array(), element.children[4]
    return (
        flags is not None
        and flags.size > 0
        and int(flags[0]) & 255 == _STRUCT
        and names.type_id == 1
        and names.payload.startswith(b'Time\0')
    )
