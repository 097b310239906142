"""Turn the targets of a label set into another kind, and put data sets together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mmirstd.utils.errors import DataError
from mmirstd.utils.near_matches import near_matches

from .label_set import LabelSet
from .shapes import Box, Mask, Point, Shape, cut, filled


def change_kind(
    labels: LabelSet, kind: str, point_size: float | None = None, ellipse: bool = True, cut_points: bool = True
) -> None:
    """Turn all targets into one kind, in place.

    Args:
        labels: A checked label set.
        kind: A key of ``choices.KINDS``.
        point_size: Width and height that a point's target gets, pixels; None: points stay where ``kind`` is
            ``'keep'`` or ``'points'``, else they are an error.
        ellipse: A box stands for the ellipse in it; False: for all of its pixels.
        cut_points: What points became is cut to the image; False: not yet, since boxes are still to be filled, and the
            ellipse in a part of a box is not that part of the ellipse.

    Raises:
        DataError: Points, and no size.
    """
    points = reach_out = 0
    for image in labels.images:
        for annotation in image.annotations:
            shape = annotation.shape
            if isinstance(shape, Point) and point_size is not None and kind != 'points':
                points += 1
                half = point_size / 2
                shape = Box(shape.x - half, shape.y - half, shape.x + half, shape.y + half)
            if isinstance(shape, Point) and kind in ('boxes', 'masks'):
                raise DataError(
                    f'{image.where}: {image.name} has points, which have no size; give that of the targets in pixels '
                    'with --point-size, for example --point-size 5, or take it from the images with --grow-points'
                )
            was_point = shape is not annotation.shape
            shape = _changed(shape, kind, *image.size, ellipse)
            inside = cut(shape, *image.size) if was_point and cut_points else shape
            reach_out += inside is not shape
            annotation.shape = inside or shape
    if points:
        labels.notes.append(
            f'{points} points have no size: each is taken as {point_size:g}x{point_size:g} pixels (--point-size)'
            + (f'; {reach_out} of them reach out of their image, and are cut' if reach_out else '')
        )


def _changed(shape: Shape, kind: str, height: int, width: int, ellipse: bool) -> Shape:
    if kind == 'boxes':
        return shape if isinstance(shape, Box) and not shape.angle else Box(*shape.bounds)
    if kind == 'masks' and not isinstance(shape, (Mask, Point)):
        return filled(shape, height, width, ellipse) or shape
    if kind == 'points' and not isinstance(shape, Point):
        return _center(shape)
    return shape


def _center(shape: Box | Mask | Shape) -> Point:
    x1, y1, x2, y2 = shape.bounds
    if isinstance(shape, Mask):
        rows, columns = shape.pixels.nonzero()
        return Point(float(columns.mean()) + shape.left + 0.5, float(rows.mean()) + shape.top + 0.5)
    return Point((x1 + x2) / 2, (y1 + y2) / 2)


def one_class(labels: LabelSet, name: str) -> None:
    """All targets belong to one class, in place."""
    for annotation in labels.annotations():
        annotation.label = 0
    if len(labels.classes) > 1:
        labels.notes.append(f'{", ".join(labels.classes)} all became {name}')
    labels.classes = [name]


def merge(sets: Sequence[LabelSet]) -> LabelSet:
    """Put data sets together.

    Classes are matched by name. Where two sets have an image of one name, the images of all sets get a folder named
    after their set. So do sequences. Track ids stay distinct, since sequences do.

    Args:
        sets: Checked label sets.

    Returns:
        The whole; the sets' images are renamed in place.
    """
    if len(sets) == 1:
        return sets[0]
    tags = _tags([labels.source for labels in sets])
    whole = LabelSet(' + '.join(tags), [], [])
    owners = Counter(stem for labels in sets for stem in {image.stem for image in labels.images})
    colliding = sorted(stem for stem, count in owners.items() if count > 1)
    if colliding:
        whole.notes.append(
            f'{len(colliding)} names of images are in several data sets, the first is {colliding[0]}: the images of '
            f'each set have a folder of their own ({", ".join(tags)})'
        )
    for tag, labels in zip(tags, sets):
        whole.notes += [f'{tag}: {note}' for note in labels.notes]
        for name in labels.classes:
            if name not in whole.classes:
                whole.classes.append(name)
        for image in labels.images:
            merged = replace(
                image,
                name=f'{tag}/{image.name}' if colliding else image.name,
                video=None if image.video is None else f'{tag}/{image.video}',
                annotations=[
                    replace(annotation, label=whole.classes.index(labels.classes[annotation.label]))
                    for annotation in image.annotations
                ],
            )
            whole.images.append(merged)
    undivided = [tag for tag, labels in zip(tags, sets) if None in labels.splits]
    if undivided and any(whole.splits):
        whole.notes.append(f'{", ".join(undivided)} has no splits; its images are in none')
    for position, name in enumerate(whole.classes):
        close = [other for other in near_matches(name, whole.classes[:position]) if other.lower() == name.lower()]
        if close:
            whole.notes.append(f'the classes {close[0]!r} and {name!r} differ in case only; they stay two classes')
    return whole


def _tags(sources: Sequence[str]) -> list[str]:
    """A short name for each source, all different."""
    parts = [[part for part in Path(source).absolute().with_suffix('').parts if part != '/'] for source in sources]
    for depth in range(1, max(map(len, parts)) + 1):
        tags = ['_'.join(part[-depth:]) for part in parts]
        if len(set(tags)) == len(tags):
            return tags
    return [f'{tag}_{number}' for number, tag in enumerate(tags, 1)]
