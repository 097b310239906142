"""Findings about labels: kinds of masks, sizes, what is empty, and whether they lie on their targets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from mmirstd.utils.commands import command_line

from .facts import REACH, LabelFacts
from .finding import Finding
from .samples import Split
from .scan import Checked

#: A target that stands out less than this many sigmas of its surroundings is not seen: the mean over a mask (SCR), the
#: most outstanding pixel of a box, most of which may be background.
_UNSEEN = {'mask': ('SCR', 1.5), 'boxes': ('peak', 3.0)}
#: From what share of unseen labels on a split is named. Masks of other images are unseen in 96% of NUAA-SIRST's and
#: NUDT-SIRST's images, the right ones in 3% and 10%; boxes of other images in 92% of Drone-IR's, the right ones in 14%.
_MOST_UNSEEN, _MANY_UNSEEN = 0.5, 0.25
#: Kinds of masks that one rule reads.
_READ_ALIKE = {'one value': 'labels'}
#: Labels that are needed to say something about where they lie.
_ENOUGH = 4
#: From what mean offset of targets within their masks on it is named, pixels, and how many must lie on that side:
#: 0.07 px and 58% in NUAA-SIRST, 0.2 px and 70% to 84% in NUDT-SIRST.
_ONE_SIDE, _MOST_ON_ONE_SIDE = 0.15, 0.65
_AXES = {'down': ('below', 'above'), 'right': ('right of', 'left of')}
#: From what side on a target is no longer small, pixels.
_LARGE = 64


def label_findings(checked: Checked) -> Iterator[Finding]:
    """All of this file."""
    for split in checked.splits:
        if not split.labeled:
            yield Finding(
                'note', 'no labels', (split.name,), 'there are images only: nothing can be trained or evaluated'
            )
            continue
        yield from _kinds(checked, split)
        yield from _sizes(checked, split)
        yield from _amounts(checked, split)
        yield from _place(checked, split)


def _kinds(checked: Checked, split: Split) -> Iterator[Finding]:
    rows = [
        (sample.label.mask, label)
        for _, sample, _, label in checked.of(split)
        if sample.label.mask and label.kind not in ('', 'unreadable')
    ]
    if not rows:
        return
    problems = [f'{path}: {label.problem}' for path, label in rows if label.problem]
    if problems:
        yield Finding(
            'error',
            'mask values',
            (split.name,),
            f'{len(problems)} of {len(rows)} masks cannot be understood',
            'correct them, or say which values are target: --cfg-options mask_rule=RULE',
            tuple(problems),
        )
    kinds = Counter(label.kind for _, label in rows if not label.problem and label.kind != 'empty')
    # 0 and 1, or 0 and 255, read the same by every rule for values; labels with one target are such.
    readings = {_READ_ALIKE.get(kind, kind) for kind in kinds if kind != 'binary'}
    if len(readings) > 1 or {'alpha', 'binary'} <= set(kinds):
        common = kinds.most_common(1)[0][0]
        others = tuple(
            f'{path}: {label.kind}, {label.values}'
            for path, label in rows
            if not label.problem and label.kind not in ('empty', common)
        )
        yield Finding(
            'warning',
            'mask values',
            (split.name,),
            'masks of several kinds: '
            + ', '.join(f'{number} {kind}' for kind, number in kinds.most_common())
            + f'; the list is of those that are not {common}',
            'look at some of them; --cfg-options mask_rule=RULE reads all alike',
            others,
        )
    elif set(kinds) - {'binary'}:
        shown = {label.kind: label.values for _, label in rows if label.kind in kinds}
        yield Finding(
            'note',
            'mask values',
            (split.name,),
            'masks are of the kind '
            + ', '.join(f'{kind!r} ({number}, such as {shown[kind]})' for kind, number in kinds.items()),
        )
    lost = tuple(f'{path}: {label.lost_parts} part(s)' for path, label in rows if label.lost_parts)
    if lost:
        yield Finding(
            'warning',
            'mask values',
            (split.name,),
            f'{len(lost)} mask(s) have parts that are not 0 and '
            'stay below half of the largest code, so they are no targets',
            "--cfg-options mask_rule='nonzero' takes them for targets",
            lost,
        )


def _sizes(checked: Checked, split: Split) -> Iterator[Finding]:
    wrong = tuple(
        f'{sample.label.mask}: {_size(label.size)}, its image {_size(image.size)}'
        for _, sample, image, label in checked.of(split)
        if image.dtype and label.size != (0, 0) and label.size != image.size
    )
    if wrong:
        yield Finding(
            'note' if split.resize_masks else 'error',
            'mask sizes',
            (split.name,),
            f'{len(wrong)} mask(s) are not as large as their image'
            + ("; mask_size_mismatch='resize' resizes them" if split.resize_masks else ''),
            ''
            if split.resize_masks
            else "correct the files, or mask_size_mismatch='resize' on the data set "
            '(mmirstd finetune: --size-mismatch scale)',
            wrong,
        )


def _amounts(checked: Checked, split: Split) -> Iterator[Finding]:
    rows = [(sample, label) for _, sample, _, label in checked.of(split) if not label.problem and label.kind]
    empty = tuple(sample.label.mask or sample.image or sample.name for sample, label in rows if not label.count)
    if empty:
        share = len(empty) / len(rows)
        severity = 'error' if share == 1 and split.name.startswith('train') else 'warning' if share > 0.5 else 'note'
        yield Finding(
            severity,
            'no target',
            (split.name,),
            f'{len(empty)} of {len(rows)} labels ({share:.1%}) have no target',
            'right if these images are meant to be background; else correct the labels',
            empty,
        )
    small = tuple(
        f'{sample.image}: {box[2] - box[0]:g} x {box[3] - box[1]:g} pixels'
        for sample, _ in rows
        for box in sample.label.boxes or ()
        if min(box[2] - box[0], box[3] - box[1]) < 1
    )
    if small:
        yield Finding(
            'warning',
            'boxes',
            (split.name,),
            f'{len(small)} boxes are smaller than a pixel; some may be given as shares of the image',
            'correct the annotation',
            small,
        )
    sides = np.array([target.side for _, label in rows for target in label.targets])
    if len(sides) and np.median(sides) > _LARGE:
        yield Finding(
            'note',
            'target sizes',
            (split.name,),
            f'half of the targets are longer than {np.median(sides):.0f} pixels: these are no small targets',
        )


def _place(checked: Checked, split: Split) -> Iterator[Finding]:
    """Labels of other images, labels beside their targets, labels that lie to one side."""
    rows = [(sample, label) for _, sample, _, label in checked.of(split) if label.targets]
    if len(rows) < _ENOUGH:
        return
    name, least = _UNSEEN['boxes' if rows[0][1].kind == 'boxes' else 'mask']
    best = [(sample, label, max(getattr(target, name.lower()) for target in label.targets)) for sample, label in rows]
    unseen = tuple(
        f'{sample.image}: {name} {value:.1f}, the best of {label.count} target(s)'
        for sample, label, value in best
        if value < least
    )
    share = len(unseen) / len(rows)
    off = _offset([label for _, label in rows])
    sequences = {sample.sequence for sample, _ in rows if sample.sequence}
    # the frames of one sequence are one scene: a bright tree beside the target is beside it in all of them
    few = 0 < len(sequences) < _ENOUGH
    scenes = f'. The frames are of {len(sequences)} sequences only, whose scenes may mislead' if few else ''
    if off is not None:
        down, right, there, here = off
        yield Finding(
            'warning' if few else 'error',
            'labels beside targets',
            (split.name,),
            f'labels fit best when they are moved {_way(down, "down", "up")} and '
            f'{_way(right, "right", "left")}: the mean signal below them is {there:.1f} sigmas there and '
            f'{here:.1f} where they are{scenes}',
            'they were made for images of another size or crop: correct them',
        )
    elif share >= _MANY_UNSEEN:
        yield Finding(
            'error' if share >= _MOST_UNSEEN and not few else 'warning',
            'labels without targets',
            (split.name,),
            f'under {len(unseen)} of {len(rows)} labels ({share:.0%}) there is nothing to be seen ({name} '
            f'below {least:g} sigmas); under right labels this is so in 3% to 15% of the images'
            f'{scenes}',
            'the labels may belong to other images, or lie far beside their targets: look at some with '
            f'`{command_line("browse")}`',
            unseen,
        )
    elif unseen:
        yield Finding(
            'note',
            'faint targets',
            (split.name,),
            f'{len(unseen)} of {len(rows)} images have only targets '
            f'that do not stand out ({name} below {least:g} sigmas), or a label in the wrong place',
            '',
            unseen,
        )
    sides = (
        []
        if off is not None
        else [
            text
            for axis, words in _AXES.items()
            if (text := _side([getattr(target, axis) for _, label in rows for target in label.targets], words))
        ]
    )
    if sides:
        yield Finding(
            'warning',
            'labels to one side',
            (split.name,),
            f'bright targets do not lie in the middle of their mask: {"; ".join(sides)}. Training that flips '
            'images teaches any side',
            'nothing moves masks by a part of a pixel: mind it where boundaries matter; '
            f'`{command_line("target-statistics")}` has the distribution',
        )


def _side(values: list[float], words: tuple[str, str]) -> str:
    """Where most targets lie, '' if on no side."""
    known = np.array(values)
    known = known[np.isfinite(known)]
    if len(known) < 5 * _ENOUGH:
        return ''
    mean, error = float(known.mean()), float(known.std() / len(known) ** 0.5)
    share = float((np.sign(known) == np.sign(mean)).mean())
    if abs(mean) < max(_ONE_SIDE, 3 * error) or share < _MOST_ON_ONE_SIDE:
        return ''
    return (
        f'{share:.0%} of {len(known)} lie {words[0] if mean > 0 else words[1]} it, by {abs(mean):.2f} px in the '
        f'mean (standard error {error:.2f})'
    )


def _offset(labels: list[LabelFacts]) -> tuple[int, int, float, float] | None:
    """Where labels fit clearly better: rows down, columns right, and the mean signal there and here."""
    responses = [label.response for label in labels if label.response is not None]
    if len(responses) < _ENOUGH:
        return None
    mean = np.mean(np.array(responses, np.float32), axis=0)
    row, column = np.unravel_index(int(mean.argmax()), mean.shape)
    down, right = int(row) - REACH, int(column) - REACH
    here, there = float(mean[REACH, REACH]), float(mean[row, column])
    return (down, right, there, here) if max(abs(down), abs(right)) >= 2 and there > 2 * here and there > 2 else None


def _size(size: tuple[int, int]) -> str:
    return f'{size[1]}x{size[0]} pixels (width x height)'


def _way(pixels: int, forward: str, back: str) -> str:
    return f'{abs(pixels)} px {forward if pixels >= 0 else back}'
