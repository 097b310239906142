"""Why a data set of mmengine, mmdet or mmseg is empty, which NumPy says as "need at least one array to concatenate"."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from mmirstd.utils.errors import DataError
from mmirstd.utils.listed_classes import listed_classes


def empty_data_set_error(data_set: Any) -> DataError:
    """The error about a data set that holds no sample.

    Args:
        data_set: An ``mmengine.dataset.BaseDataset`` whose samples were listed and filtered.
    """
    name, file = type(data_set).__name__, str(getattr(data_set, 'ann_file', '') or '')
    where = f'{file}: ' if file else ''
    wanted, listed, images = _classes(data_set), _categories(file), _count_images(file)
    if listed is not None and wanted and not set(wanted) & set(listed):
        return DataError(
            f'{where}{name} holds no image, because no category has the name of a class',
            found=f'categories {", ".join(map(repr, listed)) or "none"}',
            expected=f'at least one of {", ".join(map(repr, wanted))}',
            cure=f'name them in all data sets of the config: metainfo=dict(classes={tuple(listed)!r})'
            if listed
            else None,
            option='metainfo',
        )
    if images:
        kept = getattr(data_set, 'filter_cfg', None)
        return DataError(
            f'{where}{name} holds no image, because all {images} images were left out'
            + (f' by filter_cfg={dict(kept)}' if kept else ''),
            expected='at least one image that the filter keeps, for instance one with a box',
            cure='check the boxes of the annotation, or set filter_cfg=dict(filter_empty_gt=False)',
            option='filter_cfg',
        )
    return DataError(
        f'{where}{name} holds no image',
        expected='at least one',
        cure='check ann_file, data_root and data_prefix of the data set',
        option='ann_file',
    )


def _classes(data_set: Any) -> Sequence[str]:
    return listed_classes(getattr(data_set, 'metainfo', None))


def _read(file: str) -> dict[str, Any]:
    try:
        with open(file, encoding='utf-8') as text:
            content = json.load(text)
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _categories(file: str) -> list[str] | None:
    """Of a COCO file; None: it is none."""
    listed = _read(file).get('categories')
    return [str(item.get('name')) for item in listed] if isinstance(listed, list) else None


def _count_images(file: str) -> int:
    return len(_read(file).get('images') or ())
