"""Small data sets as labeling programs write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from mmirstd.datasets.labels import LabelSet, ReadOptions, check, read_labels
from mmirstd.datasets.labels.checking import CheckOptions
from tests.test_datasets.helpers import write
from tests.test_datasets.test_labels.strategies import HEIGHT, WIDTH


def image(path: Path, height: int = HEIGHT, width: int = WIDTH, seed: int = 0) -> Path:
    """A 16-bit image."""
    return write(path, np.random.default_rng(seed).integers(200, 16000, (height, width), np.uint16))


def load(source: Path, options: ReadOptions | None = None, name: str | None = None, **kwargs: Any) -> LabelSet:
    """Read and check."""
    labels = read_labels(source, name, options)
    check(labels, CheckOptions(**kwargs))
    return labels


def text(path: Path, content: str, encoding: str = 'utf-8') -> Path:
    """Write a text file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding=encoding)
    return path


def voc_xml(objects: str, filename: str = 'a.png', size: tuple[int, int] = (WIDTH, HEIGHT)) -> str:
    """As labelImg writes it."""
    return (
        f'<annotation>\n\t<folder>images</folder>\n\t<filename>{filename}</filename>\n\t<path>C:\\images\\{filename}</path>'
        '\n\t<source>\n\t\t<database>Unknown</database>\n\t</source>\n\t<size>\n\t\t<width>'
        f'{size[0]}</width>\n\t\t<height>{size[1]}</height>\n\t\t<depth>1</depth>\n\t</size>\n\t<segmented>0</segmented>\n'
        f'{objects}</annotation>\n'
    )


def voc_object(name: str, *corners: float, difficult: int = 0) -> str:
    """An object of it."""
    sides = ''.join(f'<{key}>{value}</{key}>' for key, value in zip(('xmin', 'ymin', 'xmax', 'ymax'), corners))
    return (
        f'\t<object>\n\t\t<name>{name}</name>\n\t\t<pose>Unspecified</pose>\n\t\t<truncated>0</truncated>\n'
        f'\t\t<difficult>{difficult}</difficult>\n\t\t<bndbox>{sides}</bndbox>\n\t</object>\n'
    )


def labelme_json(shapes: list[dict[str, Any]], image_path: str = 'a.png', **changes: Any) -> str:
    """As labelme writes it."""
    content = {
        'version': '5.4.1',
        'flags': {},
        'shapes': [
            {'group_id': None, 'description': '', 'flags': {}, 'mask': None, 'shape_type': 'polygon'} | shape
            for shape in shapes
        ],
        'imagePath': image_path,
        'imageData': None,
        'imageHeight': HEIGHT,
        'imageWidth': WIDTH,
    }
    return json.dumps(content | changes, indent=2)
