"""Gray values of images and what a network was trained on: no torch, no OpenMMLab."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.errors import DataError

from .bit_depth import DEPTHS

#: Old name -> new name of the options; configs, command lines and checkpoints may have either.
RENAMED_OPTIONS = {'normalise': 'normalize'}
#: The modes of :func:`normalize`.
WAYS = ('fixed', 'minmax', 'maximum', 'percentile', 'robust', 'auto')
#: ``'robust'`` stretches no range of fewer standard deviations of the noise, which would make noise look like targets.
NOISE_SPAN = 100.0


def normalize(
    raw: NDArray[Any],
    mode: str = 'fixed',
    bit_depth: int | None = None,
    max_value: float | None = None,
    percentiles: tuple[float, float] = (0.5, 99.5),
) -> NDArray[Any]:
    """Bring a raw image to float32 in [0, 1].

    Args:
        raw: (H, W) uint8, uint16 or finite float32.
        mode: ``'fixed'``: divide by the largest code, so that equal codes of
            two images stay equal; ``'minmax'``: the image's own minimum and
            maximum become 0 and 1; ``'maximum'``: its own maximum becomes 1 and 0
            stays 0 (UIU-Net's loader); ``'percentile'``: the two percentiles
            become 0 and 1 and what lies beyond is clipped, which keeps one hot
            pixel from darkening the rest.  A constant image becomes 0 in the
            latter two.  ``'robust'``: see :func:`robust_range`.  ``'auto'``: see
            :func:`automatic_way`; with ``bit_depth`` or ``max_value`` it is ``'fixed'``.
        bit_depth: Significant bits of images stored in 16 bits (14 for most
            cooled sensors); None: all 16.  8-bit images are always divided by 255.
        max_value: What ``'fixed'`` divides by, whatever the type of the image.
        percentiles: Low and high percentile, in percent.

    Returns:
        (H, W) float32, a new array.

    Raises:
        DataError: ``'fixed'`` and a value beyond ``bit_depth``, or a float
            image outside [0, 1] without ``max_value``.
    """
    if mode == 'auto':
        mode = automatic_way(raw) if bit_depth is None and max_value is None else 'fixed'
    if mode == 'fixed':
        if max_value is not None:
            return np.divide(raw, np.float32(max_value), dtype=np.float32)
        if raw.dtype == np.uint8:
            return np.divide(raw, np.float32(255), dtype=np.float32)
        low, high = float(raw.min()), float(raw.max())
        if raw.dtype == np.uint16:
            largest = 2 ** (bit_depth or 16) - 1
            if high > largest:
                raise DataError(
                    f'a value of {high:g} does not fit bit_depth={bit_depth} (largest {largest})',
                    cure='the right bit_depth in LoadInfraredImage',
                    option='bit_depth',
                )
            return np.divide(raw, np.float32(largest), dtype=np.float32)
        if not _in_unit_range(low, high):
            raise DataError(
                f'values from {low:g} to {high:g}{_code_above(high) if low >= 0 else ""} in floats or signed integers; '
                "the normalization 'fixed' expects 0..1",
                cure="max_value, or normalize='robust' or 'minmax', in LoadInfraredImage",
                option='normalize',
            )
        return raw.astype(np.float32)
    if mode in ('minmax', 'maximum'):
        low, high = float(raw.min()) if mode == 'minmax' else 0.0, float(raw.max())
    elif mode == 'robust':
        low, high = robust_range(raw)
    else:
        low, high = (float(value) for value in np.percentile(raw, percentiles))
    if high <= low:
        return np.zeros(raw.shape, np.float32)
    image = raw.astype(np.float32)
    image -= low
    image *= 1 / (high - low)
    return np.clip(image, 0, 1, out=image)


def automatic_way(raw: NDArray[Any]) -> str:
    """What ``'auto'`` does with an image: ``'robust'`` with raw files, whose gain and offset nobody knows.

    Raw are codes of more than 8 bits, and floats or signed integers beyond 0..1.  Images of 8 bits, and floats in 0..1,
    are taken as they are (``'fixed'``), as networks see them in training.

    Args:
        raw: (H, W[, T]) uint8, uint16 or finite float32.
    """
    if raw.dtype == np.uint8:
        return 'fixed'
    if raw.dtype == np.uint16:
        return 'robust'
    return 'fixed' if _in_unit_range(float(raw.min()), float(raw.max())) else 'robust'


def _in_unit_range(low: float, high: float) -> bool:
    return low >= -1e-6 and high <= 1 + 1e-6


def robust_range(raw: NDArray[Any]) -> tuple[float, float]:
    """What becomes 0 and 1 so that gain and offset of the camera do not matter.

    The least and the greatest value after a median over 3x3 pixels, which single hot and dead pixels do not survive.  A
    scene that has little more than noise is not stretched to it: the range is at least :data:`NOISE_SPAN` standard
    deviations of the noise wide, around the middle.  The noise is what the median takes away (its median magnitude),
    and at least one code of images of integers.

    Args:
        raw: (H, W) uint8, uint16 or finite float32; of a clip (H, W, T) all frames get one range.

    Returns:
        Low and high, high > low but for a constant image of floats.
    """
    import cv2  # which a command that only prints its help should not load

    low, high, noise = np.inf, -np.inf, []
    for frame in np.moveaxis(raw, -1, 0) if raw.ndim == 3 else [raw]:
        gray = np.ascontiguousarray(frame, np.float32)
        smooth = cv2.medianBlur(gray, 3)
        low, high = min(low, float(smooth.min())), max(high, float(smooth.max()))
        noise.append(1.4826 * float(np.median(np.abs(gray - smooth))))
    width = max(high - low, NOISE_SPAN * max(float(np.mean(noise)), 0.0 if raw.dtype.kind == 'f' else 1.0))
    middle = (low + high) / 2
    return middle - width / 2, middle + width / 2


def _code_above(high: float) -> str:
    """The largest code of the usual depths that a value fits into, as a hint."""
    depth = next((depth for depth in (*DEPTHS, 16) if high < 2**depth), None)
    return '' if depth is None else f' (codes of {depth} bits end at {2**depth - 1})'


class GrayNormalization:
    """From gray values as read to float32 of about [0, 1].

    Args:
        normalize: Of ``WAYS``, see :func:`normalize`.
        bit_depth, max_value, percentiles: As in :func:`normalize`.
        nonfinite: What to do with NaN and infinity in float images: ``'error'`` or ``'median'`` (replace them by the
            median of the finite pixels).
        invert: 1 - image after normalization.

    Raises:
        ValueError: An option is out of its range.
    """

    def __init__(
        self,
        normalize: str = 'fixed',
        bit_depth: int | None = None,
        max_value: float | None = None,
        percentiles: tuple[float, float] = (0.5, 99.5),
        nonfinite: str = 'error',
        invert: bool = False,
    ) -> None:
        if normalize not in WAYS:
            raise ValueError(f'normalize is {normalize!r}; expected one of {", ".join(WAYS)}')
        if bit_depth is not None and not (isinstance(bit_depth, int) and 8 <= bit_depth <= 16):
            raise ValueError(f'bit_depth is {bit_depth!r}; expected 8 to 16 (images of 8-bit files need none)')
        if max_value is not None and not max_value > 0:
            raise ValueError(f'max_value is {max_value}; expected a positive number')
        low, high = percentiles
        if not 0 <= low < high <= 100:
            raise ValueError(f'percentiles are {percentiles}; expected 0 <= low < high <= 100')
        if nonfinite not in ('error', 'median'):
            raise ValueError(f"nonfinite is {nonfinite!r}; expected 'error' or 'median'")
        self.normalize = normalize
        self.bit_depth = bit_depth
        self.max_value = max_value
        self.percentiles = (float(low), float(high))
        self.nonfinite = nonfinite
        self.invert = bool(invert)

    @property
    def in_effect(self) -> dict[str, Any]:
        """The options that decide the values, plain; those without effect are left out, such as unused percentiles."""
        known = dict(max_value=self.max_value) if self.max_value is not None else dict(bit_depth=self.bit_depth)
        known = {key: value for key, value in known.items() if value is not None}
        way = 'fixed' if self.normalize == 'auto' and known else self.normalize
        beside: dict[str, Any] = known if way == 'fixed' else {}
        if way == 'percentile':
            beside = dict(percentiles=list(self.percentiles))
        return dict(normalize=way, **beside, **(dict(invert=True) if self.invert else {}))

    @property
    def divides_by_code(self) -> bool:
        """Whether 16-bit images are divided by 65535, whatever they hold."""
        return self.normalize == 'fixed' and self.max_value is None and self.bit_depth is None

    def stretched_by_itself(self, raw: NDArray[Any]) -> bool:
        """Whether ``'auto'`` takes an image (H, W[, T]) for a raw file."""
        known = self.bit_depth is not None or self.max_value is not None
        return self.normalize == 'auto' and not known and automatic_way(raw) == 'robust'

    def normalized(self, raw: NDArray[Any], path: str) -> NDArray[Any]:
        """A finite image (H, W[, T]) as the network sees it, float32.

        Raises:
            DataError: Its values do not fit the normalization.
        """
        try:
            image = normalize(raw, self.normalize, self.bit_depth, self.max_value, self.percentiles)
        except DataError as error:
            raise error.of(path) from None
        return np.subtract(1, image, out=image) if self.invert else image

    def repair_nonfinite(self, raw: NDArray[Any], path: str) -> NDArray[Any]:
        """A float image (H, W[, T]) without NaN and infinity, by the policy ``nonfinite``."""
        finite = np.isfinite(raw)
        bad = raw.size - int(finite.sum())
        if not bad:
            return raw
        if self.nonfinite == 'error' or bad == raw.size:
            raise DataError(
                f'{path}: {bad} of {raw.size} pixels are NaN or infinite',
                cure="repair the file, or replace them by the image's median: nonfinite='median' in LoadInfraredImage",
                option='nonfinite',
            )
        return np.where(finite, raw, np.median(raw[finite])).astype(raw.dtype)
