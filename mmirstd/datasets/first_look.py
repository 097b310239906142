"""A look at a few files of a data set when it is built: what would otherwise go wrong without a word."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from mmengine.logging import print_log

from mmirstd.utils.errors import DataError
from mmirstd.utils.spread import spread

from .bit_depth import BitDepthWatch
from .image_io import MASK_CURE, read_image, read_raw_mask
from .mask_values import MaskKind, MaskRule, describe_mask, target_pixels

#: After so many images of 8 bits there will be none of 16.
_ALIKE = 4

_said: set[tuple] = set()


def watch_bit_depth(paths: Sequence[str]) -> BitDepthWatch:
    """Look at the values of some of these images; those that cannot be read are left for the loader to tell."""
    watch = BitDepthWatch()
    for number, path in enumerate(spread(paths)):
        try:
            watch.observe(read_image(path))
        except (DataError, OSError):
            continue
        if not watch.images and number + 1 >= _ALIKE or watch.images and watch.depth is None:
            break
    return watch


def look_at_images(source: str, paths: Sequence[str], transforms: Iterable[Callable]) -> None:
    """Warn when 16-bit images hold codes of fewer bits and are about to be divided by 65535.

    Args:
        source: What the message names.
        paths: The images.
        transforms: The pipeline; nothing is looked at unless it loads by ``'fixed'`` and for all 16 bits.
    """
    if not any(getattr(transform, 'divides_by_code', False) for transform in transforms):
        return
    watch = watch_bit_depth(paths)
    text = watch.warning('--cfg-options bit_depth={}')
    if text and ('bit depth', watch.depth) not in _said:
        _said.add(('bit depth', watch.depth))
        print_log(f'{source}: {text}', logger='current', level=logging.WARNING)


def look_at_masks(source: str | None, paths: Sequence[str], rule: MaskRule) -> None:
    """Say how masks are read, unless they are 0 and 1, 255 or 65535, and warn when they are of several kinds.

    Args:
        source: What the message names.
        paths: The masks.
        rule: The data set's.

    Raises:
        DataError: ``'auto'`` cannot read one of those that are looked at.
    """
    looked: list[tuple[str, MaskKind, np.ndarray, bool]] = []
    for path in spread(paths):
        try:
            raw, lossy = read_raw_mask(path)
        except (DataError, OSError):
            continue
        looked.append((path, describe_mask(raw, lossy), raw, lossy))
    if not looked:
        return
    counted = f'{source}: of {len(looked)} masks looked at'
    if rule == 'auto':
        for path, kind, _, _ in looked:
            if kind.problem:
                raise DataError(f'{path}: {kind.problem}{MASK_CURE}', option='mask_rule')
        _say_kinds(counted, [(path, kind) for path, kind, _, _ in looked])
    else:
        _check_explicit(counted, rule, looked)


def _say_kinds(counted: str, looked: Sequence[tuple[str, MaskKind]]) -> None:
    groups: dict[str, list[tuple[str, MaskKind]]] = {}
    for path, kind in looked:
        if kind.kind not in ('empty', 'binary'):
            groups.setdefault(kind.kind, []).append((path, kind))
    if not groups:
        return
    parts = [
        f'{len(group)} {_READ[name]} (such as {os.path.basename(group[0][0])}, {_values(group[0][1])})'
        for name, group in groups.items()
    ]
    faint = sum(kind.lost_parts > 0 for _, kind in looked)
    if faint:
        parts.append(f"{faint} of these have parts that stay below half, which mask_rule='nonzero' would take")
    mixed = len({_READING[name] for name in groups}) > 1
    print_log(
        f'{counted}, {"; ".join(parts)}'
        + ('. These are several kinds: if one reading is right for all, say so with mask_rule' if mixed else ''),
        logger='current',
        level=logging.WARNING if mixed or faint else logging.INFO,
    )


#: What is said of each kind, and which kinds belong together.
_READ = {
    'one value': 'have one value beside 0, which is target',
    'labels': 'have labels, all but 0 are targets',
    'soft': 'have gray levels, target above half',
    'offset': 'have no 0, the least value is background',
    'alpha': 'have the target in the alpha channel',
}
_READING = {'one value': 'nonzero', 'labels': 'nonzero', 'soft': 'above half', 'offset': 'offset', 'alpha': 'alpha'}


def _values(kind: MaskKind) -> str:
    return str(kind).split(': ', 1)[1]


def _check_explicit(counted: str, rule: MaskRule, looked: Sequence[tuple[str, MaskKind, np.ndarray, bool]]) -> None:
    shares = {}
    for path, _, raw, lossy in looked:
        try:
            shares[path] = float(target_pixels(raw, rule, lossy).mean())
        except ValueError as error:
            raise DataError(f'{path}: {error}', option='mask_rule') from None
    large = [path for path, share in shares.items() if share > 0.5]
    written = repr(rule) if isinstance(rule, str) else str(list(rule))
    if large:
        print_log(
            f'{counted}, {len(large)} are target in more than half of their pixels under mask_rule={written}, '
            f'such as {large[0]} ({shares[large[0]]:.1%})',
            logger='current',
            level=logging.WARNING,
        )
    elif not any(shares.values()) and any(kind.kind != 'empty' for _, kind, _, _ in looked):
        path, kind = next((path, kind) for path, kind, _, _ in looked if kind.kind != 'empty')
        print_log(
            f'{counted}, none has a target under mask_rule={written}; {path} holds {_values(kind)}',
            logger='current',
            level=logging.WARNING,
        )
