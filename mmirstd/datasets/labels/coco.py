"""COCO JSON: boxes, polygons, run lengths and single keypoints."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.errors import DataError
from mmirstd.utils.json_text import parse_json

from ..box_checks import could_be_corners, look_like_corners, looks_normalized
from ..coco_file import CocoAnnotation, CocoFile, read_coco, rle_pixels
from ..image_size import image_size
from ..mask_layout import split_of
from ..problems import Problems
from ..text_file import read_text
from .classes import TARGET, ClassIndex
from .image_files import ImageFolder
from .label_set import Annotation, LabeledImage, LabelSet
from .options import ReadOptions
from .outlines import outlines
from .placing import Placing
from .shapes import Box, Mask, Point, Polygon, Shape, filled, mask_of

NAME = 'coco'
#: A file beside the images of each split.
_ROBOFLOW = '_annotations.coco.json'
_SPLIT = re.compile(r'(?<![a-z])(train|val|test)(?![a-z])', re.IGNORECASE)


def find(source: Path) -> list[Path]:
    """The COCO files of a source: the file itself, or those in the folder, in its ``annotations``, and Roboflow's."""
    places = ('*.json', 'annotations/*.json', f'*/{_ROBOFLOW}')
    candidates = [source] if source.is_file() else [path for place in places for path in sorted(source.glob(place))]
    return [path for path in candidates if path.suffix.lower() == '.json' and _is_coco(path)]


def _is_coco(path: Path) -> bool:
    try:
        text = read_text(path)
        data = parse_json(text)
    except (DataError, ValueError):
        return False
    return isinstance(data, dict) and isinstance(data.get('images'), list)


def read(source: Path, options: ReadOptions) -> LabelSet:
    """Read the JSON files of a source; each is a split where its name says so, or where there are several."""
    files = [source] if source.is_file() else find(source)
    root = source.parent if source.is_file() else source
    if root.name == 'annotations':
        root = root.parent
    folder = ImageFolder(options.images or root, options.by_number)
    classes = ClassIndex(options.names)
    labels = LabelSet(str(source), [], [])
    for path in files:
        problems = _Notes(labels.notes)
        data = read_coco(str(path), problems)
        found = _SPLIT.search(re.sub(r'20\d\d$', '', path.stem))
        split = found[0].lower() if found else path.stem if len(files) > 1 else None
        if path.name == _ROBOFLOW:
            split = split_of([path.parent.absolute().name])
        labels.images += _images(path, data, split, folder, classes, options, labels.notes)
    labels.classes = classes.names or [TARGET]
    return labels


class _Notes(Problems):
    """Errors are raised, warnings are kept for the summary."""

    def __init__(self, notes: list[str]) -> None:
        super().__init__()
        self.notes = notes

    def warn(self, message: str, items: Any = ()) -> None:
        self.notes.append(message)


def _images(
    path: Path,
    data: CocoFile,
    split: str | None,
    folder: ImageFolder,
    classes: ClassIndex,
    options: ReadOptions,
    notes: list[str],
) -> list[LabeledImage]:
    images: dict[Any, LabeledImage] = {}
    for entry in data.images:
        name = folder.find(entry.name, path.parent if path.name == _ROBOFLOW else None)
        images[entry.id] = image = LabeledImage(
            name or entry.name,
            folder.path(name) if name else None,
            entry.height,
            entry.width,
            split=split,
            video=None if entry.video_id is None else data.videos.get(entry.video_id, str(entry.video_id)),
            frame=entry.frame_id,
            where=str(path),
        )
        if None in (image.height, image.width) and image.path is not None:
            image.height, image.width = image_size(image.path)
    indices = _class_indices(path, data, classes)
    boxes = [annotation.bbox for annotation in data.annotations]
    shares = options.units == 'shares' or (options.units is None and looks_normalized(boxes))
    if shares and options.units is None:
        notes.append(f'{path}: all {len(boxes)} boxes lie within 0 to 1: taken as shares of width and height')
    corners = options.box_format == 'xyxy'
    if options.box_format is None and could_be_corners(boxes):
        sizes: list[tuple[int, int] | None] = []
        for annotation in data.annotations:
            image = images[annotation.image_id]
            known = image.height is not None and image.width is not None
            sizes.append((1, 1) if shares else image.size if known else None)
        if look_like_corners(boxes, [annotation.area for annotation in data.annotations], sizes):
            raise DataError(
                f'{path}: its {len(boxes)} boxes look like [x1, y1, x2, y2], the first is {list(boxes[0])} of '
                f"{images[data.annotations[0].image_id].name}; expected [x, y, width, height], which is COCO's order. "
                'Use --box-format xyxy (or xywh if they are right as they are)'
            )
    several = 0
    for annotation in data.annotations:
        image = images[annotation.image_id]
        factors = np.array([1.0, 1.0])
        if shares:
            if image.height is None or image.width is None:
                raise DataError(f'{path}: {image.name}: boxes are shares of a size that is not known; add the image')
            factors = np.array(image.size[::-1], np.float64)
        shape, left_out = _shape(path, annotation, image, corners, factors, options.keypoints_first)
        several += left_out
        image.annotations.append(
            Annotation(
                shape,
                indices[annotation.category_id],
                annotation.iscrowd,
                annotation.extras.get('track_id'),
                annotation.extras.get('scr'),
            )
        )
    if several:
        notes.append(f'{path}: {several} targets have several keypoints, which are left out; their box is kept')
    return list(images.values())


def _class_indices(path: Path, data: CocoFile, classes: ClassIndex) -> dict[Any, int]:
    names = {category['id']: str(category.get('name') or category['id']) for category in data.categories}
    used = {annotation.category_id for annotation in data.annotations}
    if not names and len(used) <= 1:
        return {category: classes.index(TARGET, path) for category in used}
    unknown = sorted(map(str, used - set(names)))
    if unknown:
        raise DataError(
            f'{path}: annotations have the category {", ".join(unknown)}, which is not among its categories {names} '
            '(id: name); add it, or correct the annotations'
        )
    # A category 0 that nobody uses is what Roboflow puts above the others.
    listed = [key for key in names if key in used or key != 0 or not used]
    return {key: classes.index(names[key], path) for key in listed}


def _shape(
    path: Path,
    annotation: CocoAnnotation,
    image: LabeledImage,
    corners: bool,
    factors: NDArray[Any],
    keypoints_first: bool,
) -> tuple[Shape, bool]:
    """The shape, and whether keypoints were left out."""
    first, second, third, fourth = (float(value) for value in annotation.bbox * np.tile(factors, 2))
    segmentation, keypoints = annotation.segmentation, annotation.keypoints
    several = keypoints is not None and len(keypoints) > 1
    if keypoints_first and keypoints is not None and len(keypoints) == 1:
        return Point(*(keypoints[0] * factors).tolist()), False
    if isinstance(segmentation, dict):
        try:
            pixels = rle_pixels(segmentation)
        except ValueError as error:
            raise DataError(f'{path}: the run lengths of a target of {image.name} cannot be read: {error}') from None
        if None not in (image.height, image.width) and pixels.shape != image.size:
            raise DataError(
                f'{path}: {image.name} is {image.width}x{image.height} pixels, a mask of it '
                f'{pixels.shape[1]}x{pixels.shape[0]}; expected the size of the image'
            )
        found = mask_of(pixels)
        if found is None:
            raise DataError(f'{path}: a mask of {image.name} holds no pixel; remove the annotation')
        return found, several
    if segmentation:
        return Polygon(tuple(ring * factors for ring in segmentation)), several
    size = (third - first, fourth - second) if corners else (third, fourth)
    if keypoints is not None and len(keypoints) == 1 and min(size) <= 0:
        return Point(*(keypoints[0] * factors).tolist()), False
    return Box(first, second, first + size[0], second + size[1]), several


def write(labels: LabelSet, placing: Placing) -> list[str]:
    """Write ``instances_SPLIT2017.json`` for each split, or ``instances.json``, and ``images/``.

    Returns:
        What the format does not hold.
    """
    for split in labels.splits:
        images = [image for image in labels.images if image.split == split]
        name = 'instances.json' if split is None else f'instances_{split}2017.json'
        content = coco_content(labels, [(image, placing.place(image, 'images')) for image in images])
        placing.label(name, json.dumps(content) + '\n')
    return []


def coco_content(labels: LabelSet, images: Sequence[tuple[LabeledImage, str]]) -> dict[str, Any]:
    """What a COCO file of some images holds.

    Args:
        labels: The checked data set.
        images: Of it, with their ``file_name``.
    """
    videos: dict[str, int] = {}
    entries: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, (image, file_name) in enumerate(images, 1):
        height, width = image.size
        entry: dict[str, Any] = {'id': number, 'file_name': file_name, 'height': height, 'width': width}
        if image.video is not None:
            entry['video_id'] = videos.setdefault(image.video, len(videos) + 1)
        if image.frame is not None:
            entry['frame_id'] = image.frame
        entries.append(entry)
        for annotation in image.annotations:
            annotations.append(
                {
                    'id': len(annotations) + 1,
                    'image_id': number,
                    'category_id': annotation.label + 1,
                    'iscrowd': int(annotation.ignore),
                    **_entry(annotation.shape, height, width),
                    **({} if annotation.track_id is None else {'track_id': annotation.track_id}),
                    **({} if annotation.scr is None else {'scr': annotation.scr}),
                }
            )
    points = any(isinstance(annotation.shape, Point) for annotation in labels.annotations())
    categories = [
        {'supercategory': 'none', 'id': number, 'name': name}
        | ({'keypoints': ['center'], 'skeleton': []} if points else {})
        for number, name in enumerate(labels.classes, 1)
    ]
    content: dict[str, Any] = {'info': {'source': Path(labels.source).name}}
    if videos:
        content['videos'] = [{'id': number, 'name': video} for video, number in videos.items()]
    return content | {'images': entries, 'annotations': annotations, 'categories': categories}


def _entry(shape: Shape, height: int, width: int) -> dict[str, Any]:
    x1, y1, x2, y2 = (round(value, 6) for value in shape.bounds)
    entry: dict[str, Any] = {'bbox': [x1, y1, round(x2 - x1, 6), round(y2 - y1, 6)]}
    if isinstance(shape, Point):
        return entry | {'area': 0, 'segmentation': [], 'keypoints': [x1, y1, 2], 'num_keypoints': 1}
    if isinstance(shape, Box) and not shape.angle:
        return entry | {'area': round((x2 - x1) * (y2 - y1), 6), 'segmentation': []}
    if isinstance(shape, Mask):
        rings, holes = outlines(shape)
        area = int(shape.pixels.sum())
        if holes:
            return entry | {'area': area, 'segmentation': _run_lengths(shape, height, width)}
    else:
        rings = list(shape.rings) if isinstance(shape, Polygon) else [shape.corners]
        inside = filled(Polygon(tuple(rings)), height, width)
        area = 0 if inside is None else int(inside.pixels.sum())
    return entry | {'area': area, 'segmentation': [[round(v, 6) for v in ring.ravel().tolist()] for ring in rings]}


def _run_lengths(mask: Mask, height: int, width: int) -> dict[str, Any]:
    from pycocotools import mask as coco_mask

    canvas = np.zeros((height, width), np.uint8, order='F')
    rows, columns = mask.pixels.shape
    canvas[mask.top : mask.top + rows, mask.left : mask.left + columns] = mask.pixels
    runs = coco_mask.encode(canvas)
    return {'size': [height, width], 'counts': runs['counts'].decode()}
