"""Probability maps, masks and images of a test run on disk, for reports and a second evaluation.

A dump is a folder::

    index.json              which images, in data-set order, and how they are stored (:func:`write_index`)
    metrics.json            what tools/test.py measured and with what (its --out record)
    probability/ID.png      16-bit codes of the probabilities (:func:`encode_probability`)
    logit/ID.png            16-bit codes of the logits where probabilities have no resolution (:func:`encode_logit`);
                            missing where the logits are not known, and in dumps of mmirstd 0.2
    mask/ID.png             8 bit: 0 background, 255 target (between: a soft mask's value times 255)
    image/ID.png            8 or 16 bit: the gray image; gray values only up to scale and offset if it was neither
    boxes.npz               of a detector: all its boxes and the annotated ones (:mod:`.box_dump`)

Probabilities are quantized so that nothing that is decided by a threshold changes: the codes number the intervals
between the edges :func:`probability_edges`, among which are all thresholds in use.  So are the codes of the logits.
NumPy and OpenCV only.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmirstd.datasets.image_io import read_image
from mmirstd.evaluation.functional.roc_curve import HIGH_LOGITS, LOW_LOGITS, ROC_THRESHOLDS
from mmirstd.utils.commands import command_line
from mmirstd.utils.errors import DataError, MissingDataError
from mmirstd.utils.files import save_png
from mmirstd.utils.json_text import parse_json
from mmirstd.utils.logits import logit_of

from .box_dump import DumpedBoxes, read_boxes

FORMAT = 'mmirstd prediction dump'
VERSION = 1

# 64000 is a multiple of 1000 and of 32: k/1000 and k/32 are edges.
_STEPS = 64000
# Edges of logits are eight times as dense as those of the curves: 256 a factor of two.
_DENSER = 8


@lru_cache(maxsize=1)
def probability_edges() -> NDArray[np.float32]:
    """The edges of the intervals, ascending from 0 to 1, float32: k/64000 and the thresholds of the ROC.

    A probability p has code q when ``edges[q - 1] < p <= edges[q]`` (0 when p is 0).  So ``p > edges[k]`` is
    ``q > k``: strict comparisons in float32 with k/1000, k/32 or a threshold of
    :data:`mmirstd.evaluation.functional.ROC_THRESHOLDS` have the same outcome before and after.
    """
    edges: NDArray[np.float32] = np.unique(
        np.concatenate([(np.arange(_STEPS + 1) / _STEPS).astype(np.float32), ROC_THRESHOLDS])
    )
    edges.setflags(write=False)
    return edges


def encode_probability(probability: NDArray[Any]) -> NDArray[np.uint16]:
    """Probabilities to 16-bit codes.

    Args:
        probability: (H, W) float in [0, 1], no NaN.

    Returns:
        (H, W) uint16, at most 64640.

    Raises:
        ValueError: A value is NaN or outside of [0, 1].
    """
    if probability.size and not (probability.min() >= 0 and probability.max() <= 1):
        raise ValueError(f'probabilities from {probability.min():g} to {probability.max():g}; expected 0 to 1, no NaN')
    values = np.ascontiguousarray(probability, np.float32)
    return np.searchsorted(probability_edges(), values.ravel()).reshape(values.shape).astype(np.uint16)


def decode_probability(codes: NDArray[np.integer[Any]]) -> NDArray[np.float32]:
    """16-bit codes to float32 probabilities: the upper edge of the interval, at most 1/64000 too high."""
    edges = probability_edges()
    if codes.size and int(codes.max()) >= len(edges):
        raise ValueError(f'code {int(codes.max())} is none of the {len(edges)} codes of a probability')
    probability: NDArray[np.float32] = edges[codes]
    return probability


@lru_cache(maxsize=1)
def logit_edges() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The edges of the intervals of logits below and above those where the probability is told apart, ascending.

    Among them are :data:`~mmirstd.evaluation.functional.roc_curve.LOW_LOGITS` and ``HIGH_LOGITS``, and in front and
    behind the logits of the least and the greatest threshold of the ROC.
    """
    low_end, high_end = logit_of(ROC_THRESHOLDS[[0, -1]]).astype(np.float32)
    low = np.concatenate([-_denser(-LOW_LOGITS[::-1])[::-1], [low_end]])
    high = np.concatenate([_denser(HIGH_LOGITS), [np.float32(1024)]])
    # The first interval above begins where the probability ends.
    return low.astype(np.float32), np.concatenate([[high_end], high]).astype(np.float32)


def _denser(edges: NDArray[np.float32]) -> NDArray[np.float32]:
    """Positive edges, with others between them, evenly spaced."""
    steps = np.arange(_DENSER) / _DENSER
    between = edges[:-1, None] + np.diff(edges)[:, None] * steps
    return np.concatenate([between.ravel(), edges[-1:]]).astype(np.float32)


def encode_logit(probability: NDArray[Any], logit: NDArray[Any]) -> NDArray[np.uint16]:
    """16-bit codes of the logits of probabilities up to 2^-20 and above 63/64; 0 between, where probabilities tell.

    Args:
        probability: (H, W) float in [0, 1].
        logit: (H, W) float, of which they were made.
    """
    low, high = logit_edges()
    values = np.asarray(logit, np.float32)
    score = np.asarray(probability, np.float32)
    codes = np.zeros(values.shape, np.uint16)
    below, above = score <= ROC_THRESHOLDS[0], score > ROC_THRESHOLDS[-1]
    codes[below] = 1 + np.minimum(np.searchsorted(low, values[below]), len(low) - 1)
    codes[above] = 1 + len(low) + np.clip(np.searchsorted(high, values[above]) - 1, 0, len(high) - 2)
    return codes


def decode_logit(codes: NDArray[np.integer[Any]], probability: NDArray[np.floating]) -> NDArray[np.float32]:
    """Logits (H, W) float32: the upper ends of the intervals, up to 0.4 percent too high.

    Args:
        codes: (H, W), of :func:`encode_logit`.
        probability: (H, W), decoded: where the code is 0 its logit is taken.

    Raises:
        ValueError: A code is none.
    """
    low, high = logit_edges()
    values = np.concatenate([[np.float32(0)], low, high[1:]])
    if codes.size and int(codes.max()) >= len(values):
        raise ValueError(f'code {int(codes.max())} is none of the {len(values)} codes of a logit')
    return np.where(codes > 0, values[codes], logit_of(probability)).astype(np.float32)


@dataclass(frozen=True)
class DumpedImage:
    """One image of a dump.

    Attributes:
        name: Its ID in the data set.
        probability: (H, W) float32 in [0, 1].
        mask: (H, W) uint8 {0, 1}, or float32 in [0, 1] if it was soft.
        gray: (H, W) uint8 or uint16.
        logit: (H, W) float32; None: not known.
    """

    name: str
    probability: NDArray[np.float32]
    mask: NDArray[Any]
    gray: NDArray[Any]
    logit: NDArray[np.float32] | None = None


class DumpWriter:
    """Write the images of a dump.

    Args:
        folder: The dump's; made if missing.

    Raises:
        OSError: It cannot be written to.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        for part in ('probability', 'logit', 'mask', 'image'):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        self._names: dict[str, str] = {}

    def write(
        self,
        name: str,
        probability: NDArray[Any],
        mask: NDArray[Any],
        image: NDArray[Any],
        source: str = '',
        logit: NDArray[Any] | None = None,
    ) -> dict[str, Any]:
        """Write one image.

        Args:
            name: Its ID; may hold ``/``.
            probability: (H, W) in [0, 1].
            mask: (H, W), in [0, 1].
            image: (H, W) gray: uint8, uint16, or float. Floats are stored without loss if they are multiples of
                1/255 or 1/65535 in [0, 1] (as the loading transforms give), else stretched to 16 bit.
            source: Tells two images of one ID apart (their paths).
            logit: (H, W), of which the probabilities were made; None: not known.

        Returns:
            The image's entry of the index.

        Raises:
            ValueError: Values out of range, or shapes that differ; the message names the image.
        """
        if not probability.shape == mask.shape == image.shape or probability.ndim != 2:
            raise ValueError(
                f'{name}: probability {probability.shape}, mask {mask.shape} and image {image.shape} '
                'must be (H, W) and of one size'
            )
        stem = self._file_stem(name, source or name)
        try:
            codes = encode_probability(probability)
        except ValueError as error:
            raise ValueError(f'{name}: {error}') from None
        parts = dict(
            probability=codes,
            image=_gray_codes(image),
            mask=_mask_codes(np.asarray(mask, np.float32)),
        )
        entry: dict[str, Any] = dict(name=name, file=f'{stem}.png', height=mask.shape[0], width=mask.shape[1])
        if logit is not None:
            parts['logit'] = encode_logit(probability, logit)
            entry['logit'] = True
        for part, pixels in parts.items():
            save_png(self.folder / part / f'{stem}.png', pixels)
        return entry

    def _file_stem(self, name: str, source: str) -> str:
        """A relative path below the dump's folders, of its own for each source."""
        parts = [re.sub(r'[<>:"\\|?*\x00-\x1f]', '_', part) for part in name.split('/')]
        stem = '/'.join(part if part.strip('.') else '_' for part in parts if part) or '_'
        number, unique = 1, stem
        while self._names.setdefault(unique, source) != source:
            number += 1
            unique = f'{stem}~{number}'
        return unique


def write_index(folder: str | Path, entries: list[dict[str, Any]]) -> None:
    """Write ``index.json``, which makes the folder a dump.

    Args:
        folder: The dump's.
        entries: What :meth:`DumpWriter.write` returned, in data-set order.
    """
    index = dict(
        format=FORMAT,
        version=VERSION,
        probability='16-bit codes; see mmirstd/evaluation/prediction_dump.py, decode_probability',
        logit='16-bit codes; see decode_logit there',
        images=entries,
    )
    Path(folder, 'index.json').write_text(json.dumps(index, indent=1, ensure_ascii=False) + '\n', encoding='utf-8')


class PredictionDump:
    """Read a dump; a sequence of :class:`DumpedImage`, each read when it is asked for.

    Args:
        folder: The dump's.

    Raises:
        DataError: There is no dump, or it is damaged or of another version.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        path = self.folder / 'index.json'
        if not path.is_file():
            raise MissingDataError(
                f'{self.folder}: no dump of a test run (it has no index.json); make one by '
                f'`{command_line("test", "CONFIG", "CKPT", "--dump", self.folder)}`'
            )
        try:
            index = parse_json(path.read_text(encoding='utf-8'))
            found = (index['format'], index['version'])
            self.entries: list[dict[str, Any]] = [
                dict(
                    name=str(e['name']),
                    file=str(e['file']),
                    height=int(e['height']),
                    width=int(e['width']),
                    logit=bool(e.get('logit')),
                )
                for e in index['images']
            ]
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise DataError(
                f'{path}: not the index of a dump ({type(error).__name__}: {error}); '
                f'write it again by `{command_line("test")} --dump`'
            ) from None
        if found != (FORMAT, VERSION):
            raise DataError(f'{path}: {found[0]!r} version {found[1]}; this code reads {FORMAT!r} version {VERSION}')
        if not self.entries:
            raise DataError(f'{path}: the dump holds no image')
        if any(Path(e['file']).is_absolute() or '..' in Path(e['file']).parts for e in self.entries):
            raise DataError(f'{path}: names a file outside of the dump')
        self.record = self._read_record()

    @cached_property
    def boxes(self) -> DumpedBoxes | None:
        """All boxes, of a detector's run; None of one with masks, and of dumps of earlier versions."""
        return read_boxes(self.folder, [entry['name'] for entry in self.entries])

    def _read_record(self) -> dict[str, Any]:
        path = self.folder / 'metrics.json'
        if not path.is_file():
            return {}
        try:
            record = parse_json(path.read_text(encoding='utf-8'))
        except ValueError as error:
            raise DataError(
                f'{path}: not JSON ({error}); delete it, or write it by `{command_line("test")} --dump`'
            ) from None
        return record if isinstance(record, dict) else {}

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index: int) -> DumpedImage:
        entry = self.entries[index]
        size = entry['height'], entry['width']
        codes, mask, gray = (
            self._read(part, entry['file'], size, kinds)
            for part, kinds in (('probability', (np.uint16,)), ('mask', (np.uint8,)), ('image', (np.uint8, np.uint16)))
        )
        try:
            probability = decode_probability(codes)
        except ValueError as error:
            raise DataError(f'{self.folder / "probability" / entry["file"]}: {error}') from None
        logit = None
        if entry['logit']:
            try:
                logit = decode_logit(self._read('logit', entry['file'], size, (np.uint16,)), probability)
            except ValueError as error:
                raise DataError(f'{self.folder / "logit" / entry["file"]}: {error}') from None
        soft = ((mask > 0) & (mask < 255)).any()
        truth = mask.astype(np.float32) / 255 if soft else (mask > 0).astype(np.uint8)
        return DumpedImage(entry['name'], probability, truth, gray, logit)

    def _read(self, part: str, file: str, size: tuple[int, int], kinds: tuple[type, ...]) -> NDArray[Any]:
        path = self.folder / part / file
        pixels = read_image(path)
        if pixels.shape != size or pixels.dtype not in kinds:
            wanted = ' or '.join(kind.__name__ for kind in kinds)
            raise DataError(f'{path}: {pixels.shape} {pixels.dtype}; expected {size} {wanted}')
        return pixels


def _mask_codes(mask: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A mask in 0..1 as uint8; what is above 0.5, and so a target, stays on its side."""
    codes = np.rint(mask * 255)
    return np.where(mask > 0.5, np.maximum(codes, 128), np.minimum(codes, 127)).astype(np.uint8)


def _gray_codes(image: NDArray[Any]) -> NDArray[Any]:
    """A gray image as uint8 or uint16, see :meth:`DumpWriter.write`."""
    if image.dtype in (np.uint8, np.uint16):
        return image
    values = np.asarray(image, np.float64)
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError('the image has NaN or infinite values')
    if low >= 0 and high <= 1:
        for dtype, largest in ((np.uint8, 255), (np.uint16, 65535)):
            codes = np.rint(values * largest)
            if np.abs(values * largest - codes).max() < 0.02:  # float32 rounding moves a code by 0.004 at most
                return codes.astype(dtype)
    scale = 65535 / (high - low) if high > low else 0.0
    return np.rint((values - low) * scale).astype(np.uint16)
