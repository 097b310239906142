"""What one image and its label show: each file is decoded once, and only these facts are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from mmirstd.utils.errors import DataError

from ..image_io import read_raw_image, read_raw_mask, to_one_channel
from ..mask_values import MaskRule, describe_mask, target_pixels
from ..target_values import target_values

#: Side of the small picture by which images are compared, pixels.
THUMBNAIL = 32
#: How far a label is moved to see whether it would fit better, pixels.
REACH = 12
#: Targets that are measured in an image.
_MOST_TARGETS = 50
_MEASURED = ('area', 'side', 'scr', 'peak', 'down', 'right')
#: An outlier must not decide alone: the signal of a moved label counts up to this many sigmas.
_CLIP = 10.0


@dataclass(frozen=True)
class Label:
    """Where the targets of an image are said to be.

    Attributes:
        mask: File of the mask, None without one.
        rule: How the mask is read, see :data:`~..mask_values.MASK_RULES`.
        boxes: ``(x1, y1, x2, y2)`` in pixel edges, None where a mask tells.
    """

    mask: str | None = None
    rule: MaskRule = 'auto'
    boxes: tuple[tuple[float, float, float, float], ...] | None = None


@dataclass(frozen=True)
class ImageFacts:
    """An image.

    Attributes:
        problem: Why it cannot be read; then nothing else is known.
        size: Height and width.
        dtype: ``'uint8'``, ``'uint16'`` or ``'float32'``.
        channels: ``'gray'``, ``'equal'`` (several equal ones), ``'color'``, with ``' and alpha'`` where there is one.
        low, high: Least and largest value.
        nonfinite: Pixels that are NaN or infinite.
        digest: Equal for equal pixels, whatever the file format.
        thumbnail: ``THUMBNAIL**2`` int8: what is left of a small picture without its coarse brightness; b'' for an
            image without any.
    """

    problem: str = ''
    size: tuple[int, int] = (0, 0)
    dtype: str = ''
    channels: str = ''
    low: float = 0.0
    high: float = 0.0
    nonfinite: int = 0
    digest: bytes = b''
    thumbnail: bytes = b''


@dataclass(frozen=True)
class TargetFacts:
    """A target.

    Attributes:
        area: Pixels.
        side: The longer side of its box, pixels.
        scr: Signal-to-clutter ratio, see :mod:`mmirstd.utils.scr`; of a box that of all its pixels.
        peak: The same of the pixel that stands out most.
        down, right: How far its signal lies below and right of its mask, see :mod:`~..target_values`.
    """

    area: float
    side: float
    scr: float
    peak: float
    down: float
    right: float


@dataclass(frozen=True)
class LabelFacts:
    """A label.

    Attributes:
        problem: Why it cannot be read.
        size: Height and width of the mask.
        kind: See :class:`~..mask_values.MaskKind`; ``'boxes'``.
        values: The first values of the mask, as text.
        lost_parts: See :class:`~..mask_values.MaskKind`.
        digest: Equal for equal targets; b'' without a target.
        targets: What was measured.
        count: Number of targets.
        response: (2 * REACH + 1,) * 2 float16: the mean signal below the moved label, in sigmas of its surroundings,
            the middle is where the label is; None without a target that has room.
    """

    problem: str = ''
    size: tuple[int, int] = (0, 0)
    kind: str = ''
    values: str = ''
    lost_parts: int = 0
    digest: bytes = b''
    targets: tuple[TargetFacts, ...] = ()
    count: int = 0
    response: np.ndarray | None = field(default=None, compare=False)


def look(image_path: str | None, label: Label) -> tuple[ImageFacts, LabelFacts]:
    """Read an image and its label."""
    image, facts = _image(image_path) if image_path else (None, ImageFacts())
    return facts, _label(label, image)


def _image(path: str) -> tuple[np.ndarray | None, ImageFacts]:
    try:
        raw = read_raw_image(path)
    except (DataError, OSError) as error:
        return None, ImageFacts(_without_path(error, path))
    image = to_one_channel(raw)
    channels = 'gray'
    if raw.ndim == 3 and raw.shape[2] > 1:
        same = all(np.array_equal(raw[..., 0], raw[..., k]) for k in range(1, min(raw.shape[2], 3)))
        channels = ('equal' if same else 'color') + (' and alpha' if raw.shape[2] == 4 else '')
    nonfinite = 0
    if image.dtype.kind == 'f' and not (finite := np.isfinite(image)).all():
        nonfinite = int(image.size - finite.sum())
        image = np.where(finite, image, np.float32(np.median(image[finite]) if nonfinite < image.size else 0))
    return image, ImageFacts(
        size=(image.shape[0], image.shape[1]),
        dtype=str(image.dtype),
        channels=channels,
        low=float(image.min()),
        high=float(image.max()),
        nonfinite=nonfinite,
        digest=_digest(image),
        thumbnail=thumbnail(image),
    )


def _digest(array: np.ndarray) -> bytes:
    """Of the values: an 8-bit image is equal to the same codes in a 16-bit file."""
    plain = array if array.dtype.kind == 'f' else array.astype(np.uint16)
    return hashlib.blake2b(repr(plain.shape).encode() + np.ascontiguousarray(plain).tobytes(), digest_size=12).digest()


def thumbnail(image: np.ndarray) -> bytes:
    """See :class:`ImageFacts`: independent of gain and level, and nearly of size, compression and noise."""
    small: np.ndarray = cv2.resize(
        image.astype(np.float32), (2 * THUMBNAIL, 2 * THUMBNAIL), interpolation=cv2.INTER_AREA
    )
    small = small - cv2.GaussianBlur(small, (0, 0), 4)
    small = cv2.resize(small, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA)
    small = small - small.mean()
    largest = float(np.abs(small).max())
    if largest < 1e-6 * max(1.0, float(np.abs(image).max())):
        return b''
    return np.rint(small * (127 / largest)).astype(np.int8).tobytes()


def _label(label: Label, image: np.ndarray | None) -> LabelFacts:
    kind, values, lost, size = 'boxes' if label.boxes is not None else '', '', 0, (0, 0)
    if label.mask is not None:
        try:
            raw, lossy = read_raw_mask(label.mask)
            size = (raw.shape[0], raw.shape[1])
            what = describe_mask(raw, lossy)
            kind, values, lost = what.kind, str(what).split(': ', 1)[1], what.lost_parts if label.rule == 'auto' else 0
            if what.problem and label.rule == 'auto':
                return LabelFacts(what.problem, size, kind, values)
            mask = target_pixels(raw, what.rule if label.rule == 'auto' else label.rule, lossy)
        except (DataError, OSError, ValueError) as error:
            return LabelFacts(_without_path(error, label.mask), kind='unreadable')
    elif label.boxes is not None and image is not None:
        mask = boxes_to_mask(label.boxes, image.shape)
    else:
        return LabelFacts(kind=kind, count=len(label.boxes or ()))
    count, parts = cv2.connectedComponents(mask, connectivity=8)
    targets: tuple[TargetFacts, ...] = ()
    response: np.ndarray | None = None
    if image is not None and image.shape == mask.shape and count > 1:
        targets, response = _measure(image, mask, parts, count)
    return LabelFacts(
        '',
        size,
        kind,
        values,
        lost,
        _digest(mask) if mask.any() else b'',
        targets,
        len(label.boxes) if label.boxes is not None else count - 1,
        response,
    )


def boxes_to_mask(boxes: Sequence[Sequence[float]], shape: tuple[int, int]) -> np.ndarray:
    """(H, W) uint8, 1 in the boxes, each of at least one pixel."""
    mask = np.zeros(shape, np.uint8)
    for x1, y1, x2, y2 in boxes:
        if not np.isfinite([x1, y1, x2, y2]).all():
            continue
        left, top = max(round(x1), 0), max(round(y1), 0)
        mask[top : max(round(y2), top + 1), left : max(round(x2), left + 1)] = 1
    return mask


def _measure(
    image: np.ndarray,
    mask: np.ndarray,
    parts: np.ndarray,
    count: int,
) -> tuple[tuple[TargetFacts, ...], np.ndarray | None]:
    low, high = float(image.min()), float(image.max())
    if high <= low:
        return (), None
    # 8-bit codes are divided by 255 as always; other values are brought to their own range, which no code bounds.
    scaled = image / 255.0 if image.dtype == np.uint8 else (image.astype(np.float64) - low) / (high - low)
    targets, responses = [], []
    for number in range(1, min(count, _MOST_TARGETS + 1)):
        target = (parts == number).astype(np.uint8)
        values = target_values(scaled, target, mask)
        targets.append(TargetFacts(**{name: values[name] for name in _MEASURED}))
        response = _moved(scaled, target)
        if response is not None:
            responses.append(response)
    return tuple(targets), np.mean(responses, axis=0).astype(np.float16) if responses else None


def _moved(image: np.ndarray, target: np.ndarray) -> np.ndarray | None:
    """The signal below a target's mask at each place within reach; None where there is no room for it."""
    x, y, width, height = cv2.boundingRect(target)
    top, left = y - REACH, x - REACH
    bottom, right = y + height + REACH, x + width + REACH
    if min(top, left) < 0 or bottom > image.shape[0] or right > image.shape[1] or max(width, height) > 4 * REACH:
        return None
    window = image[top:bottom, left:right].astype(np.float32)
    middle = float(np.median(window))
    # 1.4826 times the median deviation is the sigma of a Gaussian, and a target in the window hardly changes it.
    sigma = max(1.4826 * float(np.median(np.abs(window - middle))), 1 / 255 / 12**0.5)
    shape = target[y : y + height, x : x + width].astype(np.float32)
    moved = cv2.matchTemplate(window - middle, shape, cv2.TM_CCORR) / (shape.sum() * sigma)
    return np.minimum(np.abs(moved), _CLIP)


def _without_path(error: Exception, path: str) -> str:
    return str(error).removeprefix(f'{path}: ')
