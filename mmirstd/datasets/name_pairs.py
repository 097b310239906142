"""Which mask belongs to which image, by their names."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmirstd.utils.errors import DataError, MissingDataError
from mmirstd.utils.spread import spread

from .image_io import IMAGE_SUFFIXES
from .sequences import natural_key

#: Pairs that must be found, as a share of the images; below, the rule is not the user's.
_LEAST_SHARE = 0.5


@dataclass(frozen=True)
class NamePairs:
    """Images and their masks, as paths below their folders, with forward slashes.

    Attributes:
        rule: How the names were matched, in words.
        pairs: Image -> mask, in natural order of the images.
        images_alone: Images without a mask.
        masks_alone: Masks without an image.
        noun: What the images are called.
    """

    rule: str
    pairs: dict[str, str]
    images_alone: tuple[str, ...]
    masks_alone: tuple[str, ...]
    noun: str = 'image'

    def __str__(self) -> str:
        text = f'{len(self.pairs)} {self.noun}s with masks, paired by {self.rule}'
        article = 'an' if self.noun[0] in 'aeiou' else 'a'
        for alone, what in (
            (self.images_alone, f'{self.noun}s without a mask'),
            (self.masks_alone, f'masks without {article} {self.noun}'),
        ):
            if alone:
                text += f'; {len(alone)} {what}, left out: {", ".join(alone[:3])}{", ..." * (len(alone) > 3)}'
        return text


def image_files(folder: str | os.PathLike[str], suffixes: Sequence[str] = IMAGE_SUFFIXES) -> list[str]:
    """Images of a folder and the folders in it, as paths below it, in natural order.

    Args:
        folder: Where to look.
        suffixes: Of what counts as an image, in lower case.

    Raises:
        MissingDataError: There is no such folder.
        DataError: It holds no image.
    """
    root = Path(folder).expanduser()
    if not root.is_dir():
        raise MissingDataError(f'{root}: no such folder')
    files = [path.relative_to(root).as_posix() for path in _images(root, suffixes)]
    if not files:
        raise DataError(f'{root}: no image in this folder; expected files ending in {", ".join(suffixes)}')
    return sorted(files, key=natural_key)


def has_images(folder: Path) -> bool:
    """Whether there is an image in a folder or the folders in it."""
    return next(_images(folder, IMAGE_SUFFIXES), None) is not None


def _images(root: Path, suffixes: Sequence[str]) -> Iterator[Path]:
    for path in root.rglob('*'):
        if path.suffix.lower() in suffixes and path.is_file() and not path.name.startswith('.'):
            yield path


def pair_by_name(
    images: Sequence[str], masks: Sequence[str], where: str = 'images and masks', noun: str = 'image'
) -> NamePairs:
    """Find the rule that pairs the most images with masks, and pair by it.

    Tried in this order, the first of equals counts: equal names; equal names in other folders; equal names but for
    what all images or all masks have at their start or end (``_mask``, ``_pixels0``, ``gt_``); the last number in the
    name. A rule by which two images would have one mask is none.

    Args:
        images: Paths with suffixes, as :func:`image_files` gives them.
        masks: Likewise.
        where: What an error names.
        noun: What the images are called.

    Raises:
        DataError: No rule pairs half of the images.
    """
    best: NamePairs | None = None
    for rule, image_key, mask_key in _rules(images, masks, noun):
        by_image, by_mask = _by_key(images, image_key), _by_key(masks, mask_key)
        if by_image is None or by_mask is None:
            continue
        found = {image: by_mask[key] for key, image in by_image.items() if key in by_mask}
        if best is None or len(found) > len(best.pairs):
            used = set(found.values())
            best = NamePairs(
                rule,
                found,
                tuple(image for image in images if image not in found),
                tuple(mask for mask in masks if mask not in used),
                noun,
            )
    if best is None or len(best.pairs) < _LEAST_SHARE * len(images):
        if twins := _twins(images) or _twins(masks):
            raise DataError(
                f'{where}: the names do not tell which mask belongs to which {noun}: {" and ".join(twins)} '
                'have one name',
                expected=f'one {noun} and one mask of each name',
                cure='take one of them out of the folder',
            )
        raise DataError(
            f'{where}: the names do not tell which mask belongs to which {noun}: {len(images)} {noun}s '
            f'({", ".join(images[:3])}{", ..." * (len(images) > 3)}), {len(masks)} masks '
            f'({", ".join(masks[:3])}{", ..." * (len(masks) > 3)})',
            expected='equal names, names with a common ending such as _mask, or equal numbers',
            cure=f'rename the masks like their {noun}s',
        )
    return best


_Key = Callable[[str], 'str | None']


def _rules(images: Sequence[str], masks: Sequence[str], noun: str) -> list[tuple[str, _Key, _Key]]:
    rules: list[tuple[str, _Key, _Key]] = [
        ('equal names', _stem, _stem),
        ('equal names in other folders', _name, _name),
    ]
    more = _added(images, masks)
    if any(more):
        rules.append((f'equal names without {_said(("mask", *more))}', _stem, lambda path: _without(path, *more)))
    less = _added(masks, images)
    if any(less):
        rules.append((f'equal names without {_said(("image", *less))}', lambda path: _without(path, *less), _stem))
    own, other = _affixes(images), _affixes(masks)
    if any(own) and any(other) and own != other:
        said = _said(('mask', *other), (noun, *own))
        rules.append(
            (f'equal names without {said}', lambda path: _without(path, *own), lambda path: _without(path, *other))
        )
    return [*rules, ('the last number in the name', _last_number, _last_number)]


def _said(*affixes: tuple[str, str, str]) -> str:
    return ' and '.join(
        f'{text!r} at the {place} of {whose} names'
        for whose, start, end in affixes
        for place, text in (('start', start), ('end', end))
        if text
    )


def _stem(path: str) -> str:
    return os.path.splitext(path)[0]


def _name(path: str) -> str:
    return os.path.basename(_stem(path))


def _last_number(path: str) -> str | None:
    numbers = re.findall(r'\d+', _name(path))
    return os.path.join(os.path.dirname(path), str(int(numbers[-1]))) if numbers else None


def _added(plain: Sequence[str], longer: Sequence[str]) -> tuple[str, str]:
    """What most of the longer names have before and after a plain one."""
    names = [_name(path) for path in longer]
    found: Counter[tuple[str, str]] = Counter()
    for path in spread(plain):
        name = _name(path)
        found.update({(a, b) for other in names for a, match, b in (other.partition(name),) if match and (a or b)})
    return found.most_common(1)[0][0] if found else ('', '')


def _affixes(paths: Sequence[str]) -> tuple[str, str]:
    """What all names have at their start and end; digits there belong to the rest."""
    names = [_name(path) for path in paths]
    start = re.sub(r'\d+$', '', os.path.commonprefix(names))
    end = re.sub(r'^\d+', '', os.path.commonprefix([name[::-1] for name in names])[::-1])
    return (start, end) if len(names) > 1 and len(start) + len(end) < min(map(len, names)) else ('', '')


def _without(path: str, start: str, end: str) -> str | None:
    name = _name(path)
    if len(name) <= len(start) + len(end) or not (name.startswith(start) and name.endswith(end)):
        return None
    return os.path.join(os.path.dirname(path), name[len(start) : len(name) - len(end)])


def _twins(paths: Sequence[str]) -> list[str]:
    """Paths that differ by their suffix only, of the first name that has several."""
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(_stem(path), []).append(path)
    return next((twins for twins in found.values() if len(twins) > 1), [])


def _by_key(paths: Sequence[str], key: _Key) -> dict[str, str] | None:
    """Key -> path; None where two paths have the same."""
    found: dict[str, str] = {}
    for path in paths:
        value = key(path)
        if value is None:
            continue
        if value in found:
            return None
        found[value] = path
    return found
