"""Read COCO detection JSON as labeling tools and users write it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.commands import command_line
from mmirstd.utils.errors import DataError, first_few
from mmirstd.utils.json_text import parse_json

from .image_size import MAX_PIXELS
from .problems import Problems
from .text_file import read_text

#: Annotation entries that evaluation uses besides the box.
_EXTRAS = ('track_id', 'scr')

_EXPECTED = 'COCO detection JSON with images, annotations and categories'


@dataclass(frozen=True)
class CocoImage:
    """An entry of ``images``.

    Attributes:
        id: A number, or a text that is none.
        name: ``file_name`` with forward slashes.
        width, height: In pixels, None where the file does not say.
        video_id: Its sequence, None where the file does not say.
        frame_id: Its place in time, None where the file does not say.
    """

    id: int | str
    name: str
    width: int | None
    height: int | None
    video_id: int | str | None
    frame_id: int | None


@dataclass(frozen=True)
class CocoAnnotation:
    """An entry of ``annotations``.

    Attributes:
        image_id: Of one of the images.
        bbox: The four numbers as written; where the file has none, those around the segmentation or the keypoints.
        category_id: None where the file does not say.
        iscrowd: To be ignored in training and evaluation.
        area: None where the file does not say.
        extras: ``track_id`` and ``scr`` where the file has them.
        segmentation: Outlines (x1, y1, x2, y2, ...), or run lengths as the file has them; None without any.
        keypoints: (N, 2) x and y of those that are marked, None without any.
    """

    image_id: int | str
    bbox: tuple[float, float, float, float]
    category_id: int | str | None
    iscrowd: bool
    area: float | None
    extras: dict[str, Any]
    segmentation: list[NDArray[Any]] | dict[str, Any] | None = None
    keypoints: NDArray[Any] | None = None


@dataclass(frozen=True)
class CocoFile:
    """The content of a file: its lists, and the names of its ``videos`` by id."""

    images: list[CocoImage]
    annotations: list[CocoAnnotation]
    categories: list[dict[str, Any]]
    videos: dict[int | str, str] = field(default_factory=dict)


def read_coco(path: str, problems: Problems | None = None) -> CocoFile:
    """Read a file.

    Taken as meant: UTF-8 or UTF-16 with a byte-order mark; numbers written as text (``"160"``), a box as one text
    (``"160,106,6,6"``); backslashes in file names; no categories.  An annotation that repeats another one of its image
    to the last digit is left out, with one warning.

    Args:
        path: The JSON file.
        problems: Where problems go; default: the first one is raised.

    Returns:
        The images with distinct ids, and annotations of these images.

    Raises:
        MissingDataError: No such file.
        DataError: No JSON, no lists, an entry without what it needs, an id or a file listed twice, an annotation of an
            unknown image.
    """
    problems = problems or Problems()
    data = _parse(path)
    images = _images(path, data['images'], problems)
    annotations = _annotations(path, data['annotations'], {image.id: image.name for image in images}, problems)
    categories = []
    for category in _list(path, data, 'categories'):
        if not isinstance(category, dict) or _id(category.get('id')) is None:
            problems.add(DataError(f'{path}: the category {category!r} lacks an id; expected one'))
            continue
        categories.append(dict(category, id=_id(category['id'])))
    videos: dict[int | str, str] = {}
    for video in _list(path, data, 'videos'):
        number = _id(video.get('id')) if isinstance(video, dict) else None
        if number is not None and video.get('name') is not None:
            videos[number] = str(video['name'])
    return CocoFile(images, annotations, categories, videos)


def _parse(path: str) -> dict[str, Any]:
    text = read_text(path, _EXPECTED)
    try:
        data: dict[str, Any] = parse_json(text)
    except ValueError as error:
        start = text.lstrip()[:1]
        cure = (
            'copy or download it again'
            if start in ('{', '[')
            else f'it is another kind of text; expected {_EXPECTED}. A list "path x1,y1,x2,y2,class ..." is read by '
            f'mmirstd.TxtClipDataset, YOLO labels are converted by `{command_line("convert-labels")}`'
        )
        raise DataError(f'{path}: not valid JSON ({error}); {cure}') from None
    for key in ('images', 'annotations'):
        if not isinstance(data, dict) or not isinstance(data.get(key), list):
            found = sorted(data) if isinstance(data, dict) else f'a {type(data).__name__}'
            raise DataError(f'{path}: no list {key!r}, only {found}; expected {_EXPECTED}')
    return data


def _list(path: str, data: dict[str, Any], key: str) -> list[Any]:
    """A list that a file may leave out."""
    entries = data.get(key) or []
    if not isinstance(entries, list):
        raise DataError(f'{path}: {key!r} is {str(entries)[:80]}', expected='a list')
    return entries


def _images(path: str, entries: list[Any], problems: Problems) -> list[CocoImage]:
    images: dict[int | str, CocoImage] = {}
    names: dict[str, int | str] = {}
    for entry in entries:
        img_id = _id(entry.get('id')) if isinstance(entry, dict) else None
        name = entry.get('file_name') if isinstance(entry, dict) else None
        if img_id is None or not isinstance(name, str) or not name.strip():
            problems.add(DataError(f'{path}: image entry {entry!r} lacks id or file_name'))
            continue
        name = name.strip().replace('\\', '/')
        if img_id in images:
            problems.add(
                DataError(
                    f'{path}: the image id {img_id} appears twice ({name} and {images[img_id].name}); '
                    'expected distinct ids'
                ),
                [name],
            )
            continue
        if name in names:
            problems.add(
                DataError(
                    f'{path}: the image {name} is listed twice (ids {names[name]} and {img_id}); merge '
                    'the entries and give their annotations one image_id'
                ),
                [name],
            )
            continue
        values = {}
        for key in ('width', 'height', 'frame_id'):
            value = entry.get(key)
            try:
                number = None if value is None else _number(value)
                if number is not None and (number != int(number) or (key != 'frame_id' and number <= 0)):
                    raise ValueError
                values[key] = None if number is None else int(number)
            except (ValueError, OverflowError):
                problems.add(
                    DataError(f'{path}: the image {name} has {key}={value!r}; expected a whole number'), [name]
                )
                values[key] = None
        names[name] = img_id
        images[img_id] = CocoImage(
            img_id, name, values['width'], values['height'], _id(entry.get('video_id')), values['frame_id']
        )
    return list(images.values())


def _annotations(
    path: str, entries: list[Any], names: dict[int | str, str], problems: Problems
) -> list[CocoAnnotation]:
    annotations: list[CocoAnnotation] = []
    orphans, unreadable, repeated = [], [], []
    seen: set[tuple[Any, ...]] = set()
    for position, entry in enumerate(entries):
        what = f'annotation {entry.get("id", position) if isinstance(entry, dict) else position}'
        image_id = _id(entry.get('image_id')) if isinstance(entry, dict) else None
        if image_id not in names:
            orphans.append(f'{what} belongs to image {image_id!r}')
            continue
        try:
            segmentation = _segmentation(entry.get('segmentation'))
            keypoints = _keypoints(entry.get('keypoints'))
            bbox = _box(entry['bbox'] if entry.get('bbox') else _enclosing(segmentation, keypoints))
            area = None if entry.get('area') is None else _number(entry['area'])
            iscrowd = bool(_number(entry.get('iscrowd') or 0))
            extras = {key: entry[key] for key in _EXTRAS if entry.get(key) is not None}
            if 'scr' in extras:
                extras['scr'] = _number(extras['scr'])
            if 'track_id' in extras and _id(extras['track_id']) is None:
                raise ValueError(extras['track_id'])
        except ValueError:
            keys = ('bbox', 'area', 'iscrowd', 'scr', 'track_id', 'segmentation', 'keypoints')
            shown = ', '.join(f'{key}={str(entry[key])[:100]}' for key in keys if key in entry)
            unreadable.append(f'{what} of {names[image_id]} has {shown or "no bbox"}')
            continue
        category = _id(entry.get('category_id'))
        outline = (str(entry.get('segmentation')), str(entry.get('keypoints')))
        key = (image_id, bbox, category, iscrowd, str(extras.get('track_id')), outline)
        if key in seen:
            repeated.append(names[image_id])
            continue
        seen.add(key)
        annotations.append(CocoAnnotation(image_id, bbox, category, iscrowd, area, extras, segmentation, keypoints))
    if orphans:
        problems.add(
            DataError(
                f'{path}: {len(orphans)} annotation(s) of no image:\n{first_few(orphans)}\nwhich is not among the '
                f'{len(names)} images; remove the annotations or add the images'
            ),
            orphans,
        )
    if unreadable:
        problems.add(
            DataError(
                f'{path}: {len(unreadable)} annotation(s) cannot be read:\n{first_few(unreadable)}\nexpected '
                'bbox=[x, y, width, height] and other entries as numbers'
            ),
            unreadable,
        )
    if repeated:
        problems.warn(
            f'{path}: {len(repeated)} of {len(entries)} annotations repeat another one of the same image, '
            f'box for box; each is taken once, the first in {repeated[0]}',
            repeated,
        )
    return annotations


def _id(value: Any) -> int | str | None:
    """A number where a text or float means one, so that ``"7"``, ``7.0`` and ``7`` are the same id."""
    if isinstance(value, str):
        return int(value) if re.fullmatch(r'0|-?[1-9]\d*', value) else value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: Any) -> float:
    """Raises ValueError for what is neither a number nor the text of one."""
    if isinstance(value, (bool, int, float, str)):
        try:
            return float(value)
        except OverflowError:  # more digits than a float holds
            pass
    raise ValueError(value)


def _box(value: Any) -> tuple[float, float, float, float]:
    if isinstance(value, str):
        value = re.split(r'[\s,;]+', value.strip().strip('[]()').strip())
    if not isinstance(value, (list, tuple)) or len(value) != 4:
        raise ValueError(value)
    x, y, width, height = (_number(number) for number in value)
    return x, y, width, height


def _segmentation(value: Any) -> list[NDArray[Any]] | dict[str, Any] | None:
    """Outlines or run lengths; ValueError for what is neither."""
    if isinstance(value, dict):
        size, counts = value.get('size'), value.get('counts')
        if not isinstance(counts, (str, list)) or not isinstance(size, list) or len(size) != 2:
            raise ValueError(value)
        return value
    if not isinstance(value, (list, type(None))):
        raise ValueError(value)
    rings = value or []
    if rings and not isinstance(rings[0], list):  # one outline, not in a list of its own
        rings = [rings]
    outlines = [np.array([_number(number) for number in ring], np.float64) for ring in rings if ring]
    if any(len(ring) < 6 or len(ring) % 2 or not np.isfinite(ring).all() for ring in outlines):
        raise ValueError(value)
    return [ring.reshape(-1, 2) for ring in outlines] or None


def _keypoints(value: Any) -> NDArray[Any] | None:
    """``[x, y, visibility, ...]``; visibility 0 is not marked."""
    if not value:
        return None
    if not isinstance(value, list) or len(value) % 3:
        raise ValueError(value)
    points = np.array([_number(number) for number in value], np.float64).reshape(-1, 3)
    return points[points[:, 2] > 0, :2] if (points[:, 2] > 0).any() else None


def rle_pixels(value: dict[str, Any]) -> NDArray[Any]:
    """The pixels of COCO's run lengths, (H, W) bool.

    pycocotools ends the process where they are wrong, so they are read here.

    Raises:
        ValueError: The runs do not fill the size, or it is larger than ``MAX_PIXELS``.
    """
    sides = [_number(side) for side in value['size']]
    height, width = (int(side) if 0 < side <= MAX_PIXELS else 0 for side in sides)
    if not 0 < height * width <= MAX_PIXELS:
        raise ValueError(f'a mask of the size {value["size"]}')
    counts = value['counts']
    runs = np.array([_number(count) for count in _packed_runs(counts)] if isinstance(counts, str) else counts)
    if runs.ndim != 1 or runs.dtype.kind not in 'iuf':
        raise ValueError('counts that are no numbers')
    if not (runs >= 0).all() or runs.sum() != height * width:
        raise ValueError(f'counts of {runs.sum():g} pixels for an image of {height * width}')
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, runs.astype(np.int64)).reshape(width, height).T


def _packed_runs(text: str) -> list[int]:
    """COCO's run lengths as a text.

    Each is a number of 5 bits a character, the lowest first, the sixth bit set where more follow; the last one's fifth
    bit is the sign. From the fourth on, the difference to the one before the last is written.
    """
    runs: list[int] = []
    number = shift = 0
    for character in text:
        code = ord(character) - 48
        if not 0 <= code < 64 or shift > 60:
            raise ValueError(f'counts with {character!r}')
        number |= (code & 31) << shift
        shift += 5
        if code & 32:
            continue
        if code & 16:
            number -= 1 << shift
        runs.append(number + (runs[-2] if len(runs) > 2 else 0))
        number = shift = 0
    if shift:
        raise ValueError('counts that end inside a number')
    return runs


def _enclosing(
    segmentation: list[NDArray[Any]] | dict[str, Any] | None, keypoints: NDArray[Any] | None
) -> tuple[float, ...] | None:
    """The box of an annotation that has none."""
    if isinstance(segmentation, dict):
        rows, columns = np.nonzero(rle_pixels(segmentation))
        if not len(rows):
            raise ValueError('no pixel')
        corners = np.array([[columns.min(), rows.min()], [columns.max() + 1, rows.max() + 1]])
    elif segmentation is not None:
        corners = np.concatenate(segmentation)
    elif keypoints is not None:
        corners = keypoints
    else:
        return None
    return (*corners.min(axis=0).tolist(), *np.ptp(corners, axis=0).tolist())
