"""labelme: a JSON file an image, with rectangles, polygons, circles, points and masks."""

from __future__ import annotations

import base64
import binascii
import io
import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmirstd.utils.errors import DataError
from mmirstd.utils.json_text import parse_json
from mmirstd.utils.png import encode_png

from ..image_size import MAX_PIXELS
from ..text_file import read_text
from .classes import TARGET, ClassIndex
from .image_files import ImageFolder
from .label_set import Annotation, LabeledImage, LabelSet
from .options import ReadOptions
from .placing import Placing
from .shapes import Box, Mask, Point, Polygon, Shape, mask_of

NAME = 'labelme'
#: Vertices that stand for a circle.
CIRCLE_CORNERS = 36
#: They have no inside.
_LINES = ('line', 'linestrip')
#: The version of labelme whose files we write.
_VERSION = '5.4.1'


def find(source: Path) -> list[Path]:
    """The JSON files below a folder that hold ``shapes``; of a file, itself."""
    paths = [source] if source.is_file() else sorted(source.rglob('*.json'))
    return [path for path in paths if path.suffix.lower() == '.json' and _is_labelme(path)]


def _is_labelme(path: Path) -> bool:
    try:
        data = parse_json(read_text(path))
    except (DataError, ValueError):
        return False
    return isinstance(data, dict) and isinstance(data.get('shapes'), list) and 'imagePath' in data


def read(source: Path, options: ReadOptions) -> LabelSet:
    """Read the JSON files of a source; an image without one is left out."""
    root = source.parent if source.is_file() else source
    folder = ImageFolder(options.images or root, options.by_number)
    classes = ClassIndex(options.names)
    labels = LabelSet(str(source), [], [])
    left_out, circles, embedded = Counter[str](), 0, 0
    used: set[str] = set()
    for path in find(source):
        data = parse_json(read_text(path))
        image = _image(path, data, folder, root)
        used.add(image.name)
        embedded += image.data is not None
        groups: dict[tuple[int, Any], Annotation] = {}
        for item in data['shapes']:
            kind = item.get('shape_type') or 'polygon' if isinstance(item, dict) else None
            if isinstance(kind, str) and kind in _LINES:
                left_out[str(kind)] += 1
                continue
            circles += kind == 'circle'
            for shape in _shapes(path, item, kind):
                annotation = Annotation(shape, classes.index(str(item.get('label') or ''), path))
                group = item.get('group_id')
                if not isinstance(group, (int, float, str, type(None))):
                    raise DataError(f'{path}: the group_id of a shape is {str(group)[:80]}', expected='a number')
                key = (annotation.label, group)
                if group is not None and key in groups and not isinstance(shape, Point):
                    groups[key].shape = _together(path, groups[key].shape, shape)
                    continue
                groups[key] = annotation
                image.annotations.append(annotation)
        labels.images.append(image)
    unlabeled = [name for name in folder.names if name not in used]
    if unlabeled and source.is_dir():
        labels.notes.append(
            f'{len(unlabeled)} images have no JSON file, the first is {unlabeled[0]}: labelme writes none for images '
            'without targets; they are taken as such. If they were not looked at yet, remove them'
        )
        labels.images += [LabeledImage(name, folder.path(name), where=str(source)) for name in unlabeled]
    if left_out:
        kinds = ', '.join(f'{count} {kind}' for kind, count in left_out.items())
        labels.notes.append(f'left out, since they have no inside: {kinds}')
    if circles:
        labels.notes.append(f'{circles} circles became polygons of {CIRCLE_CORNERS} corners')
    if embedded:
        labels.notes.append(f'{embedded} image files are missing; the images inside of the JSON files are taken')
    labels.classes = classes.names or [TARGET]
    return labels


def _image(path: Path, data: dict[str, Any], folder: ImageFolder, root: Path) -> LabeledImage:
    listed = str(data.get('imagePath') or '')
    name = (folder.find(listed, path.parent) if listed else None) or folder.find(path.stem, path.parent)
    image = LabeledImage(name or '', folder.path(name) if name else None, where=str(path))
    for key in ('imageHeight', 'imageWidth'):
        value = data.get(key)
        if value is not None and (not isinstance(value, int) or value <= 0):
            raise DataError(f'{path}: {key} is {value!r}; expected a number of pixels')
    image.height, image.width = data.get('imageHeight'), data.get('imageWidth')
    if name is None:
        suffix = Path(listed.replace('\\', '/')).suffix or '.png'
        below = path.relative_to(root).with_suffix('') if path.is_relative_to(root) else Path(path.stem)
        if data.get('imageData'):
            image.data = _decoded(path, data['imageData'])
            try:
                with Image.open(io.BytesIO(image.data)) as content:
                    suffix = '.jpg' if content.format == 'JPEG' else f'.{str(content.format).lower()}'
            except Exception:  # Pillow raises whatever the damaged bytes lead it into
                raise DataError(f'{path}: imageData is no image; add the file {listed or path.stem}') from None
        image.name = below.as_posix() + suffix
    return image


def _decoded(path: Path, text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise DataError(f'{path}: image or mask data that are no base64; save the labels again') from None


def _shapes(path: Path, item: Any, kind: Any) -> list[Shape]:
    points = np.array([])
    if isinstance(item, dict):
        try:
            points = np.array(item.get('points'), np.float64).reshape(-1, 2)
        except (TypeError, ValueError, OverflowError):
            points = np.array([])
    least = {'polygon': 3, 'rectangle': 2, 'oriented_rectangle': 4, 'circle': 2, 'mask': 2, 'point': 1, 'points': 1}
    if not isinstance(kind, str) or kind not in least:
        raise DataError(f'{path}: a shape of the kind {kind!r}; expected {", ".join((*least, *_LINES))}')
    if len(points) < least[kind] or not np.isfinite(points).all():
        raise DataError(
            f'{path}: a {kind} with the points {item.get("points")!r}; expected {least[kind]} or more [x, y]'
        )
    if kind in ('point', 'points'):
        return [Point(x, y) for x, y in points.tolist()]
    if kind == 'rectangle':
        (x1, y1), (x2, y2) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        return [Box(x1, y1, x2, y2)]
    if kind == 'circle':
        radius = math.dist(points[0], points[1])
        angles = np.arange(CIRCLE_CORNERS) * (2 * np.pi / CIRCLE_CORNERS)
        return [Polygon((points[0] + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1),))]
    if kind == 'mask':
        return [_mask(path, item, points)]
    return [Polygon((points,))]


def _mask(path: Path, item: dict[str, Any], points: NDArray[Any]) -> Shape:
    """Pixels; the corners are its first and last pixel."""
    data = _decoded(path, item.get('mask'))
    try:
        with Image.open(io.BytesIO(data)) as content:
            pixels = np.asarray(content)
    except Exception:  # Pillow raises whatever the damaged bytes lead it into
        raise DataError(f'{path}: a mask that is no image; save the labels again') from None
    pixels = pixels.max(axis=-1) if pixels.ndim == 3 else pixels
    if np.abs(points).max() > MAX_PIXELS:
        raise DataError(f'{path}: a mask at {points.min(axis=0).tolist()}', expected='its place in the image')
    left, top = points.astype(int).min(axis=0).tolist()
    found = mask_of(pixels, left, top)
    if found is None:
        raise DataError(f'{path}: a mask without a pixel; remove the shape')
    return found


def _together(path: Path, first: Shape, second: Shape) -> Shape:
    """Shapes of a group are one target."""
    if isinstance(first, Mask) and isinstance(second, Mask):
        x1, y1 = min(first.left, second.left), min(first.top, second.top)
        x2, y2 = (int(max(first.bounds[k], second.bounds[k])) for k in (2, 3))
        if (y2 - y1) * (x2 - x1) > MAX_PIXELS:
            raise DataError(f'{path}: masks of a group are {x2 - x1}x{y2 - y1} pixels together; ungroup them')
        pixels = np.zeros((y2 - y1, x2 - x1), bool)
        for mask in (first, second):
            rows, columns = mask.pixels.shape
            pixels[mask.top - y1 : mask.top - y1 + rows, mask.left - x1 : mask.left - x1 + columns] |= mask.pixels
        return Mask(x1, y1, pixels)
    rings: list[NDArray[Any]] = []
    for shape in (first, second):
        if isinstance(shape, (Mask, Point)):
            raise DataError(f'{path}: a group of {type(first).__name__} and {type(second).__name__}; ungroup them')
        rings += list(shape.rings) if isinstance(shape, Polygon) else [shape.corners]
    return Polygon(tuple(rings))


def write(labels: LabelSet, placing: Placing) -> list[str]:
    """Write a JSON file beside each image; masks as masks, which labelme 5.3 and later read.

    Returns:
        What the format does not hold.
    """
    lost = Counter[str]()
    for image in labels.images:
        height, width = image.size
        label_file = f'{image.stem}.json'
        shapes: list[dict[str, Any]] = []
        for number, annotation in enumerate(image.annotations):
            lost['ignored targets became ordinary ones'] += annotation.ignore
            lost['track ids are not kept'] += annotation.track_id is not None
            shapes += _items(annotation.shape, labels.classes[annotation.label], number)
        content: dict[str, Any] = {
            'version': _VERSION,
            'flags': {},
            'shapes': shapes,
            'imagePath': placing.place(image, '', str(Path(label_file).parent)),
            'imageData': None,
            'imageHeight': height,
            'imageWidth': width,
        }
        placing.label(label_file, json.dumps(content, ensure_ascii=False, indent=2) + '\n')
    if any(labels.splits):
        lost['splits are not kept'] += 1
    return [text if text.startswith('splits') else f'{count} {text}' for text, count in lost.items() if count]


def _items(shape: Shape, label: str, number: int) -> list[dict[str, Any]]:
    kind, group, extra = 'polygon', None, {}
    if isinstance(shape, Point):
        kind, rings = 'point', [np.array([[shape.x, shape.y]])]
    elif isinstance(shape, Mask):
        rows, columns = shape.pixels.shape
        kind, rings = 'mask', [np.array([[0, 0], [columns - 1, rows - 1]]) + (shape.left, shape.top)]
        extra = {'mask': base64.b64encode(encode_png(shape.pixels.astype(np.uint8) * 255)).decode()}
    elif isinstance(shape, Box) and not shape.angle:
        kind, rings = 'rectangle', [np.array([[shape.x1, shape.y1], [shape.x2, shape.y2]])]
    elif isinstance(shape, Box):
        kind, rings = 'polygon', [shape.corners]
    else:
        rings = list(shape.rings)
        group = number + 1 if len(rings) > 1 else None
    return [
        {
            'label': label,
            'points': ring.astype(float).tolist(),
            'group_id': group,
            'description': '',
            'shape_type': kind,
            'flags': {},
            **extra,
        }
        for ring in rings
    ]
