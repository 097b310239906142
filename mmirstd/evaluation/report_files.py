"""Per-image and curve files of an evaluation, for reports and plots."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .functional import PdFaCurve, RocCurve

_CSV_COLUMNS = (
    'image',
    'kind',
    'id',
    'row',
    'col',
    'area',
    'matched',
    'distance',
    'nearest',
    'covered',
    'score',
    'scr',
    'IoU',
    'tp',
    'fp',
    'fn',
    'targets',
    'detected',
    'false_pixels',
    'height',
    'width',
)
_BOX_COLUMNS = (
    'image',
    'kind',
    'id',
    'row',
    'col',
    'area',
    'matched',
    'distance',
    'nearest',
    'score',
    'iou',
    'scr',
    'box',
    'sequence',
    'targets',
    'detected',
    'detections',
    'false',
    'false_pixels',
    'height',
    'width',
)
#: Of boxes of several classes, besides.
_CLASS_COLUMNS = ('class_name', 'found_as')


def plain(value: Any) -> Any:
    """Make a value fit for strict JSON: NaN and infinities become None, arrays lists."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if hasattr(value, 'tolist'):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def write_json(path: str | Path, data: Any, indent: int | None = None) -> None:
    """Write strict JSON (:func:`plain`), making the folder where it is missing."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(plain(data), indent=indent), encoding='utf-8')


def write_per_image(path: str | Path, images: Sequence[dict[str, Any]], measures: dict[str, float]) -> None:
    """Write what happened in each image.

    Args:
        path: ``.json``: ``{"measures": ..., "images": [{"image", ..., "targets": [...], "false_alarms": [...]}]}``;
            ``.csv``: one row an image, a target or a false alarm, told apart by ``kind``.
        images: One entry an image; all of masks, or all of boxes (``detections``).
        measures: The measures of the data set (JSON only).

    Raises:
        ValueError: Another suffix.
    """
    path = Path(path)
    check_suffix(path, ('.json', '.csv'), 'per_image_out')
    if path.suffix == '.json':
        write_json(path, dict(measures=measures, images=list(images)), indent=1)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open('w', encoding='utf-8', newline='') as file:
        boxes = bool(images) and 'detections' in images[0]
        named = any(
            'class_name' in record for image in images for found in image['records'].values() for record in found
        )
        columns = (*(_BOX_COLUMNS if boxes else _CSV_COLUMNS), *(_CLASS_COLUMNS if named else ()))
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for image in images:
            row = {key: value for key, value in image.items() if key not in ('records', 'image')}
            records = image['records']
            writer.writerow(plain(dict(image=image['image'], kind='image', **row)))
            for kind, name in (('target', 'targets'), ('false_alarm', 'false_alarms')):
                for record in records[name]:
                    writer.writerow(plain(dict(image=image['image'], kind=kind, **record)))


def write_curves(path: str | Path, roc: RocCurve, pd_fa: PdFaCurve) -> None:
    """Write the curves as JSON: ``{"roc": {...}, "pd_fa": {...}}``, None where undefined."""
    check_suffix(path, ('.json',), 'curves_out')
    write_json(path, dict(roc=vars(roc), pd_fa=vars(pd_fa)))


def check_suffix(path: str | Path, allowed: tuple[str, ...], argument: str) -> None:
    """Raise ValueError unless the path ends with one of ``allowed``."""
    if Path(path).suffix not in allowed:
        raise ValueError(f'{argument}={str(path)!r} must end with {" or ".join(allowed)}')
