"""Points: a table ``image,x,y`` (CSV) or a list of such objects (JSON), a row a target."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from pathlib import Path
from typing import Any

from mmirstd.utils.errors import DataError
from mmirstd.utils.json_text import parse_json

from ..text_file import read_text
from .classes import TARGET, ClassIndex
from .image_files import ImageFolder
from .label_set import Annotation, LabeledImage, LabelSet
from .options import ReadOptions
from .placing import Placing
from .shapes import Box, Point

NAME = 'points'
#: What a column is called -> its names in tables.
_COLUMNS = {
    'image': ('image', 'file', 'filename', 'file_name', 'frame'),
    'x': ('x', 'column', 'cx'),
    'y': ('y', 'row', 'cy'),
    'class': ('class', 'label', 'name'),
    'track_id': ('track_id', 'track', 'id'),
    'split': ('split',),
}
_EXPECTED = 'a row a target with the columns image, x and y; class, track_id and split are read, too'


def find(source: Path) -> list[Path]:
    """The tables of a source: the file itself, or those in the folder."""
    candidates = [source] if source.is_file() else sorted([*source.glob('*.csv'), *source.glob('*.json')])
    return [path for path in candidates if path.suffix.lower() in ('.csv', '.json') and _is_table(path)]


def _is_table(path: Path) -> bool:
    try:
        rows = _rows(path)
    except DataError:
        return False
    return bool(rows) and not {'image', 'x', 'y'} - set(rows[0])


def why_no_table(path: Path) -> str | None:
    """What a file has in place of a table of points; None: it is one, or no CSV file at all."""
    if path.suffix.lower() != '.csv':
        return None
    try:
        rows = _rows(path)
    except DataError:
        return None
    head = read_text(path).partition('\n')[0].strip()
    if not rows:
        return f'no row below the first line, {head!r}' if head else 'nothing'
    return f'the first line {head!r}' if {'image', 'x', 'y'} - set(rows[0]) else None


def _rows(path: Path) -> list[dict[str, Any]]:
    """The rows by the names of our columns."""
    text = read_text(path)
    if path.suffix.lower() == '.json':
        try:
            listed = parse_json(text)
        except ValueError as error:
            raise DataError(f'{path}: not valid JSON ({error})') from None
        if not isinstance(listed, list) or not all(isinstance(row, dict) for row in listed):
            raise DataError(f'{path}: expected a list of objects, {_EXPECTED}')
    else:
        head = text.partition('\n')[0]
        delimiter = max(',;\t', key=head.count)
        try:
            listed = list(csv.DictReader(io.StringIO(text, newline=''), delimiter=delimiter))
        except csv.Error as error:
            raise DataError(f'{path}: not valid CSV ({error})') from None
    rows = []
    for row in listed:
        given = {str(key).strip().lower(): value for key, value in row.items() if key is not None}
        names = {ours: next((name for name in known if name in given), None) for ours, known in _COLUMNS.items()}
        rows.append({ours: given[name] for ours, name in names.items() if name is not None})
    return rows


def read(source: Path, options: ReadOptions) -> LabelSet:
    """Read tables. Coordinates are distances from the image's edges; whole numbers are pixels, whose center is meant.

    A row without ``x`` and ``y`` is an image without targets.
    """
    folder = ImageFolder(options.images or (source.parent if source.is_file() else source), options.by_number)
    classes = ClassIndex(options.names)
    labels = LabelSet(str(source), [], [])
    for path in find(source):
        images: dict[tuple[str, str | None], LabeledImage] = {}
        rows = _rows(path)
        whole = all(_is_whole(row.get(axis)) for row in rows for axis in 'xy')
        shift = 0.5 if whole else 0.0
        for number, row in enumerate(rows, 2 if path.suffix.lower() == '.csv' else 1):
            where = f'{path}, row {number}'
            listed = str(row.get('image') or '').strip()
            if not listed:
                raise DataError(f'{where}: names no image', expected=_EXPECTED)
            split = str(row.get('split') or '').strip() or None
            if (listed, split) not in images:
                name = folder.find(listed)
                images[listed, split] = LabeledImage(
                    name or listed, folder.path(name) if name else None, split=split, where=where
                )
            if _is_empty(row.get('x')) and _is_empty(row.get('y')):
                continue
            x, y = (_coordinate(row.get(axis), axis, where) + shift for axis in 'xy')
            track = row.get('track_id')
            images[listed, split].annotations.append(
                Annotation(
                    Point(x, y),
                    classes.index(str(row.get('class') or '').strip() or TARGET, path),
                    track_id=None if _is_empty(track) else _track(track),
                    where=where,
                )
            )
        labels.images += images.values()
        if whole and rows:
            labels.notes.append(
                f'{path}: all coordinates are whole numbers: taken as pixels, whose center is 0.5 further'
            )
    labels.classes = classes.names or [TARGET]
    return labels


def _is_empty(value: Any) -> bool:
    return value is None or str(value).strip() == ''


def _is_whole(value: Any) -> bool:
    return _is_empty(value) or (isinstance(value, int) or str(value).strip().lstrip('+-').isdigit())


def _coordinate(value: Any, axis: str, where: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise DataError(f'{where}: {axis} is {value!r}; expected a number of pixels')
    return number


def _track(value: Any) -> int | str:
    text = str(value).strip()
    return int(text) if text.isdigit() and len(text) < 19 else text


def write(labels: LabelSet, placing: Placing) -> list[str]:
    """Write ``points.csv`` and ``images``; of boxes, outlines and masks the center of their box.

    Returns:
        What the format does not hold.
    """
    lost = Counter[str]()
    table = io.StringIO()
    rows = csv.writer(table, lineterminator='\n')
    rows.writerow(['image', 'x', 'y', 'class', 'track_id', 'split'])
    for image in labels.images:
        name = placing.place(image, 'images')
        for annotation in image.annotations:
            shape = annotation.shape
            lost['boxes became points'] += isinstance(shape, Box)
            lost['outlines and masks became points'] += not isinstance(shape, (Box, Point))
            lost['ignored targets became ordinary ones'] += annotation.ignore
            x1, y1, x2, y2 = shape.bounds
            x, y = (shape.x, shape.y) if isinstance(shape, Point) else ((x1 + x2) / 2, (y1 + y2) / 2)
            track = '' if annotation.track_id is None else annotation.track_id
            # a decimal point: whole numbers would be read as pixels
            rows.writerow([name, f'{x:.6f}', f'{y:.6f}', labels.classes[annotation.label], track, image.split or ''])
        if not image.annotations:
            rows.writerow([name, '', '', '', '', image.split or ''])
    placing.label('points.csv', table.getvalue())
    return [f'{count} {text}' for text, count in lost.items() if count]
