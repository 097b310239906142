"""CVAT's XML 1.1, for images and for video: boxes, polygons, masks, ellipses, points and tracks."""

from __future__ import annotations

import math
import re
from collections import Counter
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.errors import DataError

from ..image_size import MAX_PIXELS
from .classes import TARGET, ClassIndex
from .cvat_frames import MAX_FRAMES, images_of_frames, task_frames
from .image_files import ImageFolder
from .label_set import Annotation, LabeledImage, LabelSet
from .options import ReadOptions
from .placing import Placing
from .shapes import Box, Mask, Point, Polygon, Shape, mask_of
from .xml_file import child, number, read_xml, whole, xml_text

NAME = 'cvat'
_EXPECTED = "CVAT's XML 1.1 (annotations with images or tracks)"
#: Vertices that stand for an ellipse.
ELLIPSE_CORNERS = 36
_KINDS = ('box', 'polygon', 'mask', 'ellipse', 'points')
_NO_INSIDE = ('polyline', 'cuboid', 'skeleton', 'tag')


def find(source: Path) -> list[Path]:
    """The XML files of a folder that hold ``<annotations>``; of a file, itself."""
    paths = [source] if source.is_file() else [path for path in sorted(source.rglob('*.xml')) if path.is_file()]
    return [path for path in paths if path.suffix.lower() == '.xml' and _is_cvat(path)]


def _is_cvat(path: Path) -> bool:
    with open(path, 'rb') as file:
        return b'<annotations>' in file.read(8192).replace(b'\0', b'')


def read(source: Path, options: ReadOptions) -> LabelSet:
    """Read the XML files of a source."""
    folder = ImageFolder(options.images or (source.parent if source.is_file() else source), options.by_number)
    labels = LabelSet(str(source), [], [])
    roots = {path: read_xml(path, _EXPECTED) for path in find(source)}
    listed = [
        (element.text or '').strip() for root in roots.values() for element in root.findall('meta//labels/label/name')
    ]
    classes = ClassIndex(options.names)
    if options.names is None:
        classes.names += list(dict.fromkeys(name for name in listed if name))
    left_out = Counter[str]()
    for path, root in roots.items():
        if root.tag != 'annotations':
            raise DataError(f'{path}: the root is <{root.tag}>; expected {_EXPECTED}')
        if root.find('track') is not None:
            labels.images += _video(path, root, folder, classes, left_out, labels.notes)
        else:
            labels.images += _images(path, root, folder, classes, left_out)
    used = {annotation.label for annotation in labels.annotations()}
    labels.classes = classes.names or [TARGET]
    if left_out:
        ellipses = left_out.pop('ellipse', 0)
        if ellipses:
            labels.notes.append(f'{ellipses} ellipses became polygons of {ELLIPSE_CORNERS} corners')
        if left_out:
            kinds = ', '.join(f'{count} {kind}' for kind, count in left_out.items())
            labels.notes.append(f'left out, since they have no inside in the image: {kinds}')
    unused = [name for index, name in enumerate(labels.classes) if index not in used]
    if used and unused:
        labels.notes.append(f'no target has the class {", ".join(unused)}')
    return labels


def _images(
    path: Path, root: Element, folder: ImageFolder, classes: ClassIndex, left_out: Counter[str]
) -> list[LabeledImage]:
    images = []
    for element in root.iter('image'):
        listed = element.get('name') or ''
        name = folder.find(listed) if listed else None
        subset = (element.get('subset') or '').strip()
        height, width = (
            whole(path, side, element.get(side)) if element.get(side) else None for side in ('height', 'width')
        )
        image = LabeledImage(
            name or listed,
            folder.path(name) if name else None,
            height,
            width,
            split=None if subset.lower() in ('', 'default') else _split(subset),
            where=str(path),
        )
        groups: dict[tuple[int, str], Annotation] = {}
        for item in element:
            if not _counts(item, left_out):
                continue
            label = classes.index(item.get('label'), path)
            group = item.get('group_id') or '0'
            for shape in _shapes(path, item):
                known = groups.get((label, group))
                if group != '0' and known and isinstance(known.shape, Polygon) and isinstance(shape, Polygon):
                    known.shape = Polygon((*known.shape.rings, *shape.rings))  # a group is one target
                    continue
                annotation = Annotation(shape, label, track_id=_attribute(item, 'track_id'))
                groups[label, group] = annotation
                image.annotations.append(annotation)
        images.append(image)
    return images


def _split(subset: str) -> str:
    name = re.sub(r'\W+', '_', subset.lower())  # it becomes the name of a folder
    return {'validation': 'val', 'valid': 'val', 'training': 'train', 'testing': 'test'}.get(name, name)


def _attribute(item: Element, name: str) -> int | str | None:
    found = next((element.text for element in item.iter('attribute') if element.get('name') == name), None)
    return int(found) if found is not None and found.strip().isdigit() else found


def _counts(item: Element, left_out: Counter[str]) -> bool:
    if item.tag in _NO_INSIDE or item.tag == 'ellipse':
        left_out[item.tag] += 1
    return item.tag in _KINDS


def _video(
    path: Path,
    root: Element,
    folder: ImageFolder,
    classes: ClassIndex,
    left_out: Counter[str],
    notes: list[str],
) -> list[LabeledImage]:
    """The frames of a video; boxes between two key frames are where CVAT shows them: on the straight line."""
    sides = [root.findtext(f'meta//original_size/{side}') for side in ('height', 'width')]
    height, width = (whole(path, 'original_size', side) if side else None for side in sides)
    frames = task_frames(path, root)
    source = (root.findtext('meta/source') or root.findtext('meta//task/name') or path.stem).strip()
    labeled = {
        whole(path, 'frame', item.get('frame'))
        for track in root.iter('track')
        for item in track
        if item.tag in _KINDS and item.get('outside') != '1'
    }
    names = images_of_frames(path, root, frames, labeled, folder)
    images: dict[int, LabeledImage] = {}

    def check(index: int) -> None:
        if not 0 <= index < MAX_FRAMES:
            raise DataError(f'{path}: has a frame {index:,}', expected=f'0 to {MAX_FRAMES - 1:,}')

    def frame(index: int) -> LabeledImage:
        check(index)
        if index not in images:
            name = names.get(index)
            images[index] = LabeledImage(
                name or f'frame_{index:06d}.png',
                folder.path(name) if name else None,
                height,
                width,
                video=source,
                frame=index,
                where=str(path),
            )
        return images[index]

    for index in frames or ():
        frame(index)
    filled_in = 0
    for track in root.iter('track'):
        label = classes.index(track.get('label'), path)
        track_id = whole(path, 'the id of a track', track.get('id') or '0')
        before: tuple[int, Shape] | None = None
        for item in sorted(track, key=lambda item: whole(path, 'frame', item.get('frame') or '0')):
            if not _counts(item, left_out):
                continue
            index = whole(path, 'frame', item.get('frame'))
            outside = item.get('outside') == '1'
            check(index)
            if not outside or frames is None:
                frame(index)
            (shape, *_) = _shapes(path, item)
            if before is not None:
                between = [
                    (place, middle)
                    for place, middle in _between(before, (index, shape))
                    if frames is None or place in frames or index not in frames  # others are left out of the task
                ]
                filled_in += len(between)
                for place, middle in between:
                    frame(place).annotations.append(Annotation(middle, label, track_id=track_id))
            if not outside:
                frame(index).annotations.append(Annotation(shape, label, track_id=track_id))
            before = None if outside else (index, shape)
    others = len(folder.names) - sum(image.path is not None for image in images.values())
    if others:
        notes.append(f'{path}: {others} images in {folder.root} are none of its frames, and left out')
    if filled_in:
        notes.append(f'{path}: {filled_in} boxes between key frames were put on the line between them')
    return [images[index] for index in sorted(images)]


def _between(before: tuple[int, Shape], after: tuple[int, Shape]) -> list[tuple[int, Shape]]:
    """Shapes of the frames between two: boxes move evenly, others stay as they were."""
    (first, start), (last, end) = before, after
    found: list[tuple[int, Shape]] = []
    for index in range(first + 1, last):
        if not isinstance(start, Box) or not isinstance(end, Box):
            found.append((index, start))
            continue
        share = (index - first) / (last - first)
        turn = (end.angle - start.angle + 180) % 360 - 180
        x1, y1, x2, y2 = (
            a + share * (b - a)
            for a, b in zip((start.x1, start.y1, start.x2, start.y2), (end.x1, end.y1, end.x2, end.y2))
        )
        found.append((index, Box(x1, y1, x2, y2, start.angle + share * turn)))
    return found


def _shapes(path: Path, item: Element) -> list[Shape]:
    def value(key: str, default: str | None = None) -> float:
        return number(path, f'{key} of a {item.tag}', item.get(key, default))

    if item.tag == 'box':
        return [Box(value('xtl'), value('ytl'), value('xbr'), value('ybr'), value('rotation', '0'))]
    if item.tag == 'ellipse':
        angles = np.arange(ELLIPSE_CORNERS) * (2 * np.pi / ELLIPSE_CORNERS)
        turn = math.radians(value('rotation', '0'))
        x, y = value('rx') * np.cos(angles), value('ry') * np.sin(angles)
        across = x * math.cos(turn) - y * math.sin(turn) + value('cx')
        down = x * math.sin(turn) + y * math.cos(turn) + value('cy')
        return [Polygon((np.stack([across, down], axis=1),))]
    if item.tag == 'mask':
        return [_mask(path, item)]
    points = _points(path, item)
    if item.tag == 'points':
        return [Point(x, y) for x, y in points.tolist()]
    if len(points) < 3:
        raise DataError(f'{path}: a polygon with the points {item.get("points")!r}; expected three or more')
    return [Polygon((points,))]


def _points(path: Path, item: Element) -> NDArray[np.float64]:
    pairs = [pair.split(',') for pair in (item.get('points') or '').split(';')]
    try:
        return np.array(pairs, np.float64).reshape(len(pairs), 2)
    except ValueError:
        raise DataError(f'{path}: the points {item.get("points")!r}; expected "x,y;x,y;..."') from None


def _mask(path: Path, item: Element) -> Shape:
    """Runs of unset and set pixels in turn, row by row, inside of a box."""
    try:
        runs = [int(text) for text in (item.get('rle') or '').split(',')]
        left, top, width, height = (int(item.get(key) or '') for key in ('left', 'top', 'width', 'height'))
        fits = 0 < width * height <= MAX_PIXELS and abs(left) + abs(top) < MAX_PIXELS
        if min(runs) < 0 or min(width, height) <= 0 or sum(runs) > width * height or not fits:
            raise ValueError
    except ValueError:
        raise DataError(
            f'{path}: a mask that cannot be read; expected rle="n,n,...", left, top, width and height, and runs that '
            'fill the box'
        ) from None
    pixels = np.zeros(width * height, bool)
    values = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    pixels[: len(values)] = values
    found = mask_of(pixels.reshape(height, width), left, top)
    if found is None:
        raise DataError(f'{path}: a mask without a pixel; remove it')
    return found


def write(labels: LabelSet, placing: Placing) -> list[str]:
    """Write ``annotations.xml`` (CVAT for images 1.1) and ``images/``.

    Returns:
        What the format does not hold.
    """
    root = Element('annotations')
    child(root, 'version', '1.1')
    task = child(child(root, 'meta'), 'task')
    child(task, 'name', Path(labels.source).name)
    child(task, 'size', len(labels.images))
    child(task, 'mode', 'annotation')
    names = child(task, 'labels')
    for name in labels.classes:
        child(child(names, 'label'), 'name', name)
    ignored = 0
    for index, image in enumerate(labels.images):
        height, width = image.size
        placed = placing.place(image, 'images', 'images')
        attributes = {'id': index, 'name': placed, 'width': width, 'height': height}
        if image.split:
            attributes['subset'] = image.split.capitalize()
        element = SubElement(root, 'image', {key: str(value) for key, value in attributes.items()})
        for group, annotation in enumerate(image.annotations, 1):
            ignored += annotation.ignore
            for item in _items(annotation.shape, labels.classes[annotation.label], group):
                element.append(item)
                if annotation.track_id is not None:
                    child(item, 'attribute', annotation.track_id).set('name', 'track_id')
    placing.label('annotations.xml', xml_text(root))
    return [f'{ignored} ignored targets became ordinary ones'] if ignored else []


def _items(shape: Shape, label: str, group: int) -> list[Element]:
    common = {'label': label, 'source': 'manual', 'occluded': '0', 'z_order': '0'}
    if isinstance(shape, Box):
        sides = dict(xtl=shape.x1, ytl=shape.y1, xbr=shape.x2, ybr=shape.y2)
        turned = {'rotation': _text(shape.angle % 360)} if shape.angle else {}
        return [Element('box', common | {key: _text(value) for key, value in sides.items()} | turned)]
    if isinstance(shape, Point):
        return [Element('points', common | {'points': f'{_text(shape.x)},{_text(shape.y)}'})]
    if isinstance(shape, Mask):
        height, width = shape.pixels.shape
        changes = np.flatnonzero(np.diff(shape.pixels.ravel().astype(np.int8), prepend=0, append=-1))
        runs = np.diff(changes, prepend=0)
        place = dict(left=shape.left, top=shape.top, width=width, height=height)
        return [
            Element(
                'mask',
                common | {'rle': ', '.join(map(str, runs))} | {key: str(value) for key, value in place.items()},
            )
        ]
    grouped = {'group_id': str(group)} if len(shape.rings) > 1 else {}
    return [
        Element('polygon', common | grouped | {'points': ';'.join(f'{_text(x)},{_text(y)}' for x, y in ring.tolist())})
        for ring in shape.rings
    ]


def _text(value: float) -> str:
    """Up to six decimals; CVAT itself writes two."""
    return f'{value:.6f}'.rstrip('0').rstrip('.')
