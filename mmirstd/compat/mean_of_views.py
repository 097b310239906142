"""Let mmseg's segmentors take the mean over several views of an image: test-time augmentation of the network itself.

``model.test_cfg.views`` says which: the image in its own or in another size, its mirror images, further sizes. mmseg's
own augmentation is a second pipeline and another model. This goes wherever the network goes: tests, inference, tiles,
videos, exports.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import log
from typing import Any

from mmirstd.utils.errors import ConfigError

#: Name -> whether there are mirror images, and the other sizes.
NAMED: dict[str, tuple[bool, tuple[float, ...]]] = {
    'flips': (True, ()),
    'scales': (False, (0.75, 1.5)),
    'flips-scales': (True, (0.75, 1.5)),
}
#: Sides of an image in another size are multiples of it, in pixels: of the strides of all our networks.
_STEP = 32
_LEAST, _MOST = 0.5, 4.0
#: What a text may be, for messages.
EXPECTED = f'one of {", ".join(NAMED)}, size=0.75 ({_LEAST} to {_MOST:g}) or both (flips,size=0.75)'


@dataclass(frozen=True)
class Views:
    """In what size an image is seen, and what is averaged beside it.

    Attributes:
        flips: The image mirrored left to right, top to bottom, and both.
        scales: The image in these sizes, relative to ``size``, 0.5 to 4.
        size: Size of the image and its mirror images, relative to its own, 0.5 to 4.
    """

    flips: bool = False
    scales: tuple[float, ...] = ()
    size: float = 1.0

    @classmethod
    def of(cls, value: Any) -> Views | None:
        """``test_cfg.views``: ``'flips'``, ``'size=0.75'``, ``'flips,size=0.75'``, ``dict(flips=..., ...)``, or None.

        Raises:
            ConfigError: It is something else.
        """
        if value is None or isinstance(value, cls):
            return value
        # --cfg-options model.test_cfg.views=flips,size=0.75 is a list
        texts = isinstance(value, (list, tuple)) and value and all(isinstance(part, str) for part in value)
        text = ','.join(value) if texts else value
        found = _parsed(text) if isinstance(text, str) else text
        if isinstance(found, Mapping) and set(found) <= {'flips', 'scales', 'size'}:
            flips, scales, size = found.get('flips', False), found.get('scales', ()), found.get('size', 1.0)
            sizes = isinstance(scales, (list, tuple)) and all(_is_scale(scale) for scale in (*scales, size))
            if sizes and isinstance(flips, bool):
                return cls(flips, tuple(float(scale) for scale in scales), float(size))
        raise ConfigError(
            f'test_cfg.views is {value!r}',
            expected=f'{EXPECTED}; or dict(flips=True, scales=[0.75, 1.5], size=1.0) with scales from {_LEAST} to '
            f'{_MOST:g}, or None',
        )

    def __len__(self) -> int:
        """How often the network runs."""
        return 1 + 3 * self.flips + len(self.scales)

    def __str__(self) -> str:
        parts = [name for name, named in NAMED.items() if named == (self.flips, self.scales)]
        if not parts:
            parts += ['flips'] if self.flips else []
            parts += [f'scales {"/".join(f"{scale:g}" for scale in self.scales)}'] if self.scales else []
        if self.size != 1 or not parts:
            parts.append(f'size={self.size:g}')
        return ','.join(parts)


def views_of(model: Any) -> Views | None:
    """The views of a network; None: the image alone, also as ``size=1``.

    Raises:
        ConfigError: Its ``test_cfg.views`` cannot be understood.
    """
    views = Views.of((getattr(model, 'test_cfg', None) or {}).get('views'))
    return None if views == Views() else views


def mean_of_views(original: Callable, segmentor: Any, inputs: Any, batch_img_metas: Sequence[Mapping]) -> Any:
    """mmseg's ``EncoderDecoder.encode_decode``, as the mean over the views of ``segmentor.test_cfg.views``.

    The mean is that of the probabilities. It is given as a logit, ``log(sum p) - log(sum (1 - p))``, which is finite
    and ranks pixels also where each p is rounded to 1.

    Args:
        original: mmseg's own.
        segmentor: The network.
        inputs: (B, C, H, W).
        batch_img_metas: Of the images; another size has other shapes in them.

    Returns:
        (B, K, H, W) logits; of K > 1 channels the logarithm of the mean softmax.
    """
    views = views_of(segmentor)
    if views is None:
        return original(segmentor, inputs, batch_img_metas)
    from mmseg.models.utils import resize

    def seen(scale: float) -> tuple[Any, Sequence[Mapping]]:
        size = tuple(_scaled(side, scale) for side in inputs.shape[2:])
        view = resize(inputs, size=size, mode='bilinear', align_corners=False)
        return view, [dict(meta, img_shape=size, pad_shape=size) for meta in batch_img_metas]

    image, metas = (inputs, batch_img_metas) if views.size == 1 else seen(views.size)
    logits = original(segmentor, image, metas)
    mean = _Mean(logits)
    for dims in ([3], [2], [2, 3]) if views.flips else ():
        mean.add(original(segmentor, image.flip(dims), metas).flip(dims))
    for scale in views.scales:
        found = original(segmentor, *seen(scale * views.size))
        mean.add(resize(found, size=logits.shape[2:], mode='bilinear', align_corners=False))
    if views.size == 1:
        return mean.logits()
    return resize(mean.logits(), size=inputs.shape[2:], mode='bilinear', align_corners=False)


class _Mean:
    """Sums of the probabilities, as logarithms."""

    def __init__(self, logits: Any) -> None:
        self.count = 1
        self.sums = self._parts(logits)

    @staticmethod
    def _parts(logits: Any) -> list[Any]:
        from torch.nn.functional import softplus

        if logits.shape[1] > 1:
            return [logits.log_softmax(dim=1)]
        # not logsigmoid, which exported files compute as the logarithm of 0
        return [-softplus(-logits), -softplus(logits)]

    def add(self, logits: Any) -> None:
        from torch.nn.functional import softplus

        self.count += 1
        # log(exp(a) + exp(b)), of operations that every runtime of exported files has
        self.sums = [
            total.maximum(part) + softplus(-(total - part).abs()) for total, part in zip(self.sums, self._parts(logits))
        ]

    def logits(self) -> Any:
        if len(self.sums) == 1:
            return self.sums[0] - log(self.count)
        return self.sums[0] - self.sums[1]


def _parsed(text: str) -> dict[str, Any] | None:
    """Names and a size, as on a command line; None: it is something else."""
    found: dict[str, Any] = {}
    for part in text.split(','):
        key, _, number = part.partition('=')
        if part in NAMED and 'flips' not in found:
            found['flips'], found['scales'] = NAMED[part]
        elif key == 'size' and 'size' not in found:
            try:
                found['size'] = float(number)
            except ValueError:
                return None
        else:
            return None
    return found


def _is_scale(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and _LEAST <= value <= _MOST


def _scaled(side: Any, scale: float) -> Any:
    """The multiple of 32, at least 32, next to a side times a scale.

    By sums and quotients of whole numbers alone: in a graph the side is not known.
    """
    ratio = Fraction(scale).limit_denominator(64)
    top, bottom = ratio.numerator, _STEP * ratio.denominator
    steps = (2 * side * top + bottom) // (2 * bottom)
    # In a graph only where it can be 0 of an image padded to 32 pixels: torch.export is slow with it.
    if isinstance(steps, int) or scale < _LEAST:
        steps += 1 // (steps + 1)  # 1 in place of 0
    return steps * _STEP
