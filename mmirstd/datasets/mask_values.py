"""What the values of a target mask mean: which pixels are target.

Masks come as 0/1, 0/255, class indices, instance numbers, palettes, soft edges, or in an alpha channel.
:func:`describe_mask` looks at one and says what it is; :func:`target_pixels` reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

#: How a mask is read: a name of :data:`MASK_RULES`, or the values of the targets; :func:`check_mask_rule` makes it.
MaskRule = str | tuple[int, ...]

#: Rules by name, and which pixels they call target.
MASK_RULES = {
    'auto': 'by the values of each mask, see describe_mask; what cannot be decided is an error',
    'nonzero': 'every pixel but those of value 0',
    'above_half': 'pixels above half of the largest code (1, 255 or 65535): soft edges',
    'zero': 'pixels of value 0: inverted masks',
    'alpha': 'pixels whose alpha is above half',
}

#: A mask of more distinct values than this, none of them above half, is not taken for a list of labels.
_FEW = 32
#: Noise that lossy compression leaves around nothing stays below this.
_LOSSY_NOISE = 16
#: The value for "ignore" in many segmentation data sets.
_IGNORE = 255
_SHOWN = 8


@dataclass(frozen=True)
class MaskKind:
    """What a mask is.

    Attributes:
        kind: ``'empty'`` (all 0); ``'binary'`` (0 and 1, 255 or 65535); ``'one value'`` (0 and another value);
            ``'labels'`` (0 and class or instance numbers); ``'soft'`` (gray levels, or lossy compression);
            ``'offset'`` (no 0: the least value is the background); ``'alpha'``; ``'constant'`` (one value, not 0);
            ``'ignore'`` (small numbers and 255).
        rule: How ``'auto'`` reads it: ``'nonzero'``, ``'above_half'``, ``'alpha'`` or the values of the targets.
        values: The first distinct values, ascending; of the alpha channel for ``'alpha'``.
        num_values: How many distinct values there are.
        target_share: Share of the pixels that are target under ``rule``, 0 to 1.
        lost_parts: Connected parts that are not 0 and hold no target under ``rule``.
        problem: Why ``'auto'`` does not read it, with the cure; None where it does.
    """

    kind: str
    rule: MaskRule
    values: tuple[float, ...]
    num_values: int
    target_share: float
    lost_parts: int = 0
    problem: str | None = None

    def __str__(self) -> str:
        more = ', ...' if self.num_values > len(self.values) else ''
        where = 'alpha values' if self.kind == 'alpha' else 'values'
        return f'{self.kind}: {where} {", ".join(f"{value:g}" for value in self.values)}{more}'


def check_mask_rule(rule: str | int | Sequence[int]) -> MaskRule:
    """A rule in its plain form: a name, or a tuple of values.

    Raises:
        ValueError: It is none.
    """
    if isinstance(rule, str) and rule in MASK_RULES:
        return rule
    values = [rule] if isinstance(rule, (int, np.integer)) else rule
    if (
        isinstance(values, str)
        or not isinstance(values, Sequence)
        or not values
        or not all(
            isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= 0 for value in values
        )
    ):
        raise ValueError(
            f'mask_rule is {rule!r}; expected {", ".join(map(repr, MASK_RULES))}, or the value or values '
            'of target pixels, such as 2 or [1, 2]'
        )
    return tuple(sorted({int(value) for value in values}))


def describe_mask(raw: NDArray[Any], lossy: bool = False) -> MaskKind:
    """What kind of mask an array is, and how ``'auto'`` reads it.

    Few distinct values are labels: what is not 0 is target.  Many gray levels, or parts whose levels fall off toward
    their edges, are soft: what is above half of the largest code is target.  Between the two: where half of the code
    leaves nothing and there are at most 32 values, or each connected part has one value only, it is labels.

    Args:
        raw: (H, W), or (H, W, C) with 3 (BGR) or 4 (BGRA) channels, as decoded; a palette's indices, not its colors.
            Integers or floats.
        lossy: It was compressed with losses (JPEG), so that small values mean nothing.

    Returns:
        Its kind; ``problem`` says why nothing can be read from it, where that is so.
    """
    gray, alpha = _planes(raw)
    if alpha is not None and (gray == gray.flat[0]).all() and (alpha != alpha.flat[0]).any():
        values = np.unique(alpha)
        return _checked('alpha', 'alpha', values, target_pixels(raw, 'alpha'), alpha, 0)
    values = _distinct(gray)
    kind, rule = _decide(gray, values, lossy)
    return _checked(kind, rule, values, target_pixels(raw, rule, lossy), gray, _LOSSY_NOISE if lossy else 1)


def target_pixels(raw: NDArray[Any], rule: MaskRule, lossy: bool = False) -> NDArray[Any]:
    """The target pixels of a mask under a rule other than ``'auto'``.

    Args:
        raw: See :func:`describe_mask`.
        rule: See :data:`MASK_RULES`; a tuple holds the values of targets.
        lossy: See :func:`describe_mask`.

    Returns:
        (H, W) uint8, 1 on targets, else 0.

    Raises:
        ValueError: ``'alpha'``, and there is no alpha channel.
    """
    gray, alpha = _planes(raw)
    if rule == 'alpha':
        if alpha is None:
            raise ValueError("mask_rule is 'alpha', but the mask has no alpha channel")
        target = alpha > _code(alpha.dtype) / 2
    elif rule == 'above_half':
        target = gray > _largest_code(gray.max(), lossy) / 2
    elif rule in ('nonzero', 'zero'):
        target = (gray != 0) if rule == 'nonzero' else (gray == 0)
    else:
        target = np.isin(gray, rule)
    return target.astype(np.uint8)


def _planes(raw: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """The largest color channel, and alpha where there is one."""
    if raw.ndim == 2:
        return raw, None
    return raw[..., :3].max(axis=-1), raw[..., 3] if raw.shape[2] == 4 else None


def _code(kind: np.dtype[Any]) -> float:
    return float(np.iinfo(kind).max) if kind.kind in 'ui' else 1.0


def _largest_code(largest: float, lossy: bool) -> int:
    """The code of a full target: 1, 255 or 65535."""
    if largest <= 1 and not lossy:
        return 1
    return 255 if largest <= 255 else 65535


def _distinct(gray: NDArray[Any]) -> NDArray[Any]:
    if gray.dtype == np.uint8:  # np.unique sorts, which takes ten times as long
        return np.flatnonzero(np.bincount(gray.ravel(), minlength=256))
    values: NDArray[Any] = np.unique(gray)
    return values


def _decide(gray: NDArray[Any], values: NDArray[Any], lossy: bool) -> tuple[str, MaskRule]:
    """Kind and rule of a gray plane."""
    low, high = values[0], values[-1]
    if len(values) == 1:
        return ('constant', 'nonzero') if low else ('empty', 'nonzero')
    if lossy or (values != np.floor(values)).any() or low < 0:
        return 'soft', 'above_half'
    if len(values) == 2 and low == 0:
        return 'binary' if high in (1, 255, 65535) else 'one value', 'nonzero'
    inside = values[1:-1] if low == 0 else values[:-1]
    if (
        high == _IGNORE
        and len(values) > 2
        and inside[-1] <= _FEW
        and np.array_equal(inside, np.arange(1, len(inside) + 1))
    ):
        return 'ignore', 'nonzero'
    labels = len(values) <= _FEW and high <= _largest_code(high, lossy) / 2
    if not (labels or _one_value_each(gray, low)):
        return 'soft', 'above_half'
    if low == 0:
        return 'labels', 'nonzero'
    return 'offset', tuple(int(value) for value in values[1:])


def _one_value_each(gray: NDArray[Any], background: float) -> bool:
    """Whether each 8-connected part that is not background has one value."""
    count, parts = cv2.connectedComponents((gray != background).astype(np.uint8), connectivity=8)
    least, largest = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(least, parts.ravel(), gray.ravel())
    np.maximum.at(largest, parts.ravel(), gray.ravel())
    return bool((least[1:] == largest[1:]).all())


def _checked(
    kind: str, rule: MaskRule, values: NDArray[Any], target: NDArray[Any], plane: NDArray[Any], noise: int
) -> MaskKind:
    """The description, with the problem if there is one."""
    share = float(target.mean())
    shown = tuple(float(value) for value in values[:_SHOWN])
    listed = ', '.join(f'{value:g}' for value in shown) + (', ...' if len(values) > _SHOWN else '')
    problem, lost = None, 0
    if kind == 'constant':
        problem = (
            f'every pixel has the value {listed}, so it is all target or all background; give the value of '
            "target pixels, such as mask_rule=2, or mask_rule='nonzero' if the target does fill the image"
        )
    elif kind == 'ignore':
        problem = (
            f'it holds {listed}: 255 may be the target or mean "ignore"; say which values are target, with '
            "mask_rule=1, mask_rule=[1,2] or mask_rule='above_half' (255 only)"
        )
    elif share > 0.5:
        cure = (
            "mask_rule='zero' reads inverted masks (targets 0)"
            if values[0] == 0 and kind != 'alpha'
            else 'give the values of target pixels, such as mask_rule=1'
        )
        problem = (
            f'{share:.1%} of its pixels would be target (it holds {listed}), which covers most of the image; '
            f'{cure}; if the target is that large, mask_rule={_written(rule)}'
        )
    elif kind == 'soft':
        count, parts = cv2.connectedComponents((plane >= noise).astype(np.uint8), connectivity=8)
        lost = count - 1 - np.count_nonzero(np.unique(parts[target != 0]))
        if lost and not target.any():
            problem = (
                f'its pixels that are not 0 (it holds {listed}) are all below half of the largest code, so none '
                "would be target; mask_rule='nonzero' takes them for targets, mask_rule='above_half' for none"
            )
    return MaskKind(kind, rule, shown, len(values), share, int(lost), problem)


def _written(rule: MaskRule) -> str:
    return repr(rule) if isinstance(rule, str) else str(list(rule)).replace(' ', '')
