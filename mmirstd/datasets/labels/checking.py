"""A label set is made sure of: images are there and as large as the labels say, targets lie in them, names differ."""

from __future__ import annotations

import filecmp
import io
from collections import Counter
from dataclasses import dataclass, replace

from PIL import Image

from mmirstd.utils.errors import DataError, MissingDataError, first_few

from ..box_checks import check_boxes
from ..image_size import image_size
from .image_files import clean_name, free_name, short_name
from .label_set import LabeledImage, LabelSet
from .shapes import Point, Shape, cut, scale


@dataclass(frozen=True)
class CheckOptions:
    """What is done with what is wrong.

    Attributes:
        bad_box: For targets outside of the image or without area, a key of ``box_checks.BAD_BOX``.
        size_mismatch: A key of ``choices.SIZE_MISMATCHES``.
        missing_images: A key of ``choices.MISSING_IMAGES``.
    """

    bad_box: str = 'error'
    size_mismatch: str = 'error'
    missing_images: str = 'error'


def check(labels: LabelSet, options: CheckOptions) -> None:
    """Check a label set, in place; afterward each image has a size, and each target lies in its image.

    Raises:
        MissingDataError: Images are missing, or the size of one is not known.
        DataError: Sizes or targets are wrong; all are counted, the first few named.
    """
    if not labels.images:
        raise MissingDataError(f'{labels.source}: no image and no label was found')
    _missing(labels, options)
    _sizes(labels, options)
    _targets(labels, options)
    _names(labels)


def _missing(labels: LabelSet, options: CheckOptions) -> None:
    gone = [image for image in labels.images if image.path is None and image.data is None]
    if not gone:
        return
    listed = first_few([f'{image.name} ({image.where})' for image in gone])
    if options.missing_images == 'error':
        raise MissingDataError(
            f'{labels.source}: {len(gone)} of {len(labels.images)} images are missing:\n{listed}\n'
            'Name their folder with --images, or use --missing-images skip (or keep, for labels alone)'
        )
    if options.missing_images == 'skip':
        labels.images = [image for image in labels.images if image.path is not None or image.data is not None]
        labels.notes.append(f'{len(gone)} images are missing and left out with their targets:\n{listed}')
        if not labels.images:
            raise MissingDataError(f'{labels.source}: all {len(gone)} images are missing; name their folder (--images)')
        return
    unknown = [image.name for image in gone if image.height is None or image.width is None]
    if unknown:
        raise MissingDataError(
            f'{labels.source}: {len(unknown)} images are missing, and the labels do not say how large they are:\n'
            f'{first_few(unknown)}'
        )
    labels.notes.append(f'{len(gone)} images are missing; their labels are kept:\n{listed}')


def _file_size(image: LabeledImage) -> tuple[int, int] | None:
    if image.path is not None:
        return image_size(image.path)
    if image.data is None:
        return None
    with Image.open(io.BytesIO(image.data)) as content:
        return content.height, content.width


def _sizes(labels: LabelSet, options: CheckOptions) -> None:
    wrong = []
    for image in labels.images:
        actual = _file_size(image)
        if actual is None:
            continue
        claimed = (image.height or actual[0], image.width or actual[1])
        image.height, image.width = actual
        if claimed == actual:
            continue
        wrong.append(
            f'{image.name}: {actual[1]}x{actual[0]} pixels (width x height), labeled as {claimed[1]}x{claimed[0]}'
        )
        factors = actual[1] / claimed[1], actual[0] / claimed[0]
        image.annotations = [replace(a, shape=scale(a.shape, *factors)) for a in image.annotations]
    if wrong and options.size_mismatch == 'error':
        raise DataError(
            f'{labels.source}: {len(wrong)} images are not as large as their labels say:\n{first_few(wrong)}\nTheir '
            'targets would be in the wrong place: take the images that were labeled, or use --size-mismatch scale'
        )
    if wrong:
        labels.notes.append(
            f'the targets of {len(wrong)} images were scaled to the size of the file:\n{first_few(wrong)}'
        )


def _targets(labels: LabelSet, options: CheckOptions) -> None:
    bad: list[str] = []
    found = Counter[str]()
    for image in labels.images:
        kept = []
        for annotation in image.annotations:
            shape, problem, text = _inside(annotation.shape, *image.size, options.bad_box)
            if problem:
                found[problem] += 1
                bad.append(f'{image.name} ({annotation.where or image.where}): {text}')
            if shape is not None:
                annotation.shape = shape
                kept.append(annotation)
        image.annotations = kept
    if bad and options.bad_box == 'error':
        raise DataError(
            f'{labels.source}: {len(bad)} targets are not in their image or have no area:\n{first_few(bad)}\n'
            'Correct the labels, or use --bad-box clip (cut to the image) or --bad-box drop'
        )
    if bad:
        counts = ', '.join(f'{count} {problem}' for problem, count in found.items())
        labels.notes.append(
            f'--bad-box {options.bad_box} was applied to {len(bad)} targets ({counts}):\n{first_few(bad)}'
        )


def _inside(shape: Shape, height: int, width: int, policy: str) -> tuple[Shape | None, str, str]:
    """What is kept of a shape, and what was wrong with it."""
    if isinstance(shape, Point):
        inside = cut(shape, height, width)
        text = f'point [{shape.x:g}, {shape.y:g}] (outside), in an image of {width}x{height} pixels (width x height)'
        return (inside, '', '') if inside is not None else (None, 'outside', text)
    x1, y1, x2, y2 = shape.bounds
    kept, found, text = check_boxes([dict(bbox=[x1, y1, x2, y2])], width, height, policy)
    problem = next(iter(found), '')
    if not problem:
        # rounding of a text format is no error, and no pixel either
        reaches_out = min(x1, y1) < 0 or x2 > width or y2 > height
        return (cut(shape, height, width) if reaches_out else shape), '', ''
    if not kept:
        return None, problem, text
    return cut(shape, height, width), problem, text


def _names(labels: LabelSet) -> None:
    """Two images get two names, also without suffix: most formats have one label file for ``a.png`` and ``a.bmp``."""
    owners: dict[str, LabeledImage] = {}
    for image in labels.images:
        # a name out of a label file could lead out of the folder that is written to
        image.name = short_name(image.name) if image.path is not None else clean_name(image.name)
    renamed = []
    for image in labels.images:
        owner = owners.get(image.stem)
        if owner is None or _same_image(owner, image):
            if owner is not None and owner.name != image.name:
                image.name = owner.name
            if owner is not None and not _same_targets(owner, image):
                raise DataError(
                    f'{labels.source}: {image.name} is labeled twice, with different targets ({owner.where} and '
                    f'{image.where}); keep one of them'
                )
            owners.setdefault(image.stem, image)
            continue
        old = image.name
        # the folder's name where that tells them apart
        apart = image.path is not None and (owner.path is None or owner.path.parent != image.path.parent)
        parents = image.path.parts[-2:-4:-1] if apart and image.path is not None else ()
        choices = [f'{parent}/{old}' for parent in parents if not old.startswith(f'{parent}/')]
        image.name = next((name for name in choices if name.rpartition('.')[0] not in owners), free_name(old, owners))
        owners[image.stem] = image
        renamed.append(f'{old} ({image.path or image.where}) is {image.name} now')
    if renamed:
        labels.notes.append(f'{len(renamed)} images had the name of another one:\n{first_few(renamed)}')


def _same_image(first: LabeledImage, second: LabeledImage) -> bool:
    if first.path is None or second.path is None:
        return first.path is second.path and first.name == second.name and first.data == second.data
    if first.path.resolve() == second.path.resolve():
        return True
    # YOLO has a copy of the image in each split
    return _same_targets(first, second) and filecmp.cmp(first.path, second.path, shallow=False)


def _same_targets(first: LabeledImage, second: LabeledImage) -> bool:
    targets = [
        sorted((a.label, a.ignore, type(a.shape).__name__, a.shape.bounds) for a in image.annotations)
        for image in (first, second)
    ]
    return targets[0] == targets[1]
