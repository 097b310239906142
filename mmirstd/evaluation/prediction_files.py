"""Predictions as other programs write them: masks and probability maps as images, NumPy's or MATLAB's arrays."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmirstd.datasets.image_io import IMAGE_SUFFIXES, binary_mask, plain_type, read_raw_mask
from mmirstd.datasets.mask_values import MaskRule
from mmirstd.datasets.mat_file import load_mat
from mmirstd.utils.errors import DataError, MissingDataError

#: Suffixes of files that hold arrays.
ARRAY_SUFFIXES: tuple[str, ...] = ('.npy', '.npz', '.mat')
#: Suffixes of predictions, in lower case.
PREDICTION_SUFFIXES: tuple[str, ...] = (*IMAGE_SUFFIXES, *ARRAY_SUFFIXES)
#: How stored values become probabilities, besides a number that means 1.
SCALES = {
    'auto': 'by the type and the values of all files',
    'logit': 'by the sigmoid',
    'max': 'each map is divided by its own largest value; what is below 0 becomes 0',
}
#: The largest codes of integers, which mean probability 1.
_CODES = {'uint8': 255.0, 'uint16': 65535.0}


def read_map(path: str | os.PathLike[str], variable: str | None = None) -> NDArray[Any]:
    """A map of one channel as it is stored.

    Args:
        path: An image of one channel or equal ones, a palette's indices; ``.npy``, ``.npz`` or ``.mat``.
        variable: Which array of a file of several.

    Returns:
        (H, W) bool, integers or floats.

    Raises:
        MissingDataError: There is no such file.
        DataError: It cannot be read, or holds no map.
    """
    if Path(path).suffix.lower() in ARRAY_SUFFIXES:
        return _plane(_array_of(path, variable), path)
    raw, _ = read_raw_mask(path)
    if raw.ndim == 3 and (raw[..., :3] != raw[..., :1]).any():
        raise DataError(
            f'{path}: a picture in colors; expected one channel, a mask or a probability map',
            cure='write the map itself, without a color map or an overlay',
        )
    return raw if raw.ndim == 2 else np.ascontiguousarray(raw[..., 0])


def read_truth(path: str | os.PathLike[str], rule: MaskRule = 'auto', variable: str | None = None) -> NDArray[np.uint8]:
    """A target mask, see :func:`mmirstd.datasets.image_io.read_mask`, also from a file of an array.

    Args:
        path: Its file.
        rule: Which values are target.
        variable: Which array of a file of several.

    Returns:
        (H, W), 0 and 1.

    Raises:
        MissingDataError: There is no such file.
        DataError: It cannot be read or understood.
    """
    raw, lossy = _raw_truth(path, variable)
    return binary_mask(raw, lossy, path, rule, ' (the option: --mask-rule)')


def _raw_truth(path: str | os.PathLike[str], variable: str | None) -> tuple[NDArray[Any], bool]:
    if Path(path).suffix.lower() not in ARRAY_SUFFIXES:
        return read_raw_mask(path)
    raw = read_map(path, variable)
    return (raw.astype(np.uint8) if raw.dtype == np.bool_ else plain_type(raw, path)), False


def _array_of(path: str | os.PathLike[str], variable: str | None) -> NDArray[Any]:
    suffix = Path(path).suffix.lower()
    if not os.path.isfile(path):
        raise MissingDataError(f'{path}: no such file')
    try:
        if suffix == '.mat':
            content = load_mat(path)
        else:
            loaded = np.load(path, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return loaded
            with loaded:
                content = dict(loaded)
    except NotImplementedError:
        raise DataError(
            f'{path}: a MATLAB file of version 7.3', cure="save it with save(..., '-v7'), or write PNG files"
        ) from None
    except Exception as error:  # scipy and NumPy raise many kinds on damaged files
        raise DataError(
            f'{path}: not an array that can be read ({type(error).__name__}: {error}); damaged, or no {suffix} file'
        ) from None
    return _chosen(content, variable, path)


def _chosen(content: Mapping[str, Any], variable: str | None, path: str | os.PathLike[str]) -> NDArray[Any]:
    """The map among the variables of a file."""
    arrays = {name: _dense(value) for name, value in content.items() if not name.startswith('__')}
    if variable is not None:
        if variable not in arrays:
            raise DataError(
                f'{path}: no variable {variable!r}; it holds {", ".join(arrays) or "none"}', option='variable'
            )
        return arrays[variable]
    maps = {name: value for name, value in arrays.items() if value.dtype.kind in 'biuf' and _is_map(value.shape)}
    if len(maps) == 1:
        return next(iter(maps.values()))
    held = ', '.join(f'{name} {value.shape}' for name, value in (maps or arrays).items()) or 'nothing'
    raise DataError(
        f'{path}: {"several maps" if maps else "no map"}: it holds {held}',
        expected='one map (H, W)',
        cure=f'name one: --variable {next(iter(maps))}' if maps else None,
        option='variable',
    )


def _dense(value: Any) -> NDArray[Any]:
    """MATLAB's sparse matrices are scipy's."""
    return np.asarray(value.toarray() if hasattr(value, 'toarray') else value)


def _is_map(shape: tuple[int, ...]) -> bool:
    return sum(side != 1 for side in shape) == 2


def _plane(array: NDArray[Any], path: str | os.PathLike[str]) -> NDArray[Any]:
    if array.ndim > 2 and _is_map(array.shape):
        array = array.squeeze()
    if array.ndim != 2 or not array.size or array.dtype.kind not in 'biuf':
        raise DataError(f'{path}: an array {array.shape} of {array.dtype}; expected numbers, one map (H, W)')
    return array


@dataclass(frozen=True)
class PredictionScale:
    """How the stored values of predictions become probabilities.

    Attributes:
        value: The value that means probability 1, or ``'logit'`` or ``'max'``.
        masks: They are masks: no more than two values, in all files the same.
        found: What was found in the files, in words.
    """

    value: float | str
    masks: bool
    found: str

    def __str__(self) -> str:
        if self.masks:
            return f'masks ({self.found})'
        said = {'logit': 'logits, their sigmoid is taken', 'max': 'each divided by its own largest value'}
        how = said[self.value] if isinstance(self.value, str) else f'{self.value:g} means probability 1'
        return f'maps ({self.found}); {how}'

    def probability(self, stored: NDArray[Any], path: str | os.PathLike[str] = 'map') -> NDArray[np.float32]:
        """The probabilities (H, W) of a stored map.

        Raises:
            DataError: A value is outside of [0, 1] then.
        """
        values = stored.astype(np.float64)
        if self.value == 'logit':
            from scipy.special import expit

            probability: NDArray[np.float32] = expit(values).astype(np.float32)
            return probability
        if self.value == 'max':
            values = np.maximum(values, 0)
            return (values / (values.max() or 1.0)).astype(np.float32)
        values /= float(self.value)
        if not (values.min() >= 0 and values.max() <= 1):
            raise DataError(
                f'{path}: values from {stored.min():g} to {stored.max():g}; expected 0 to {float(self.value):g}',
                option='scale',
            )
        return values.astype(np.float32)

    def logit(self, stored: NDArray[Any]) -> NDArray[np.float32] | None:
        """The logits (H, W) of a stored map; None where it has none."""
        return stored.astype(np.float32) if self.value == 'logit' else None


class ScaleFinder:
    """Looks at all predictions before the first is evaluated: one file alone does not tell what its values mean."""

    def __init__(self) -> None:
        self._low, self._high = np.inf, -np.inf
        self._whole = True
        self._few: set[float] | None = set()
        self._types: dict[str, str] = {}

    def add(self, stored: NDArray[Any], path: str | os.PathLike[str]) -> None:
        """Look at one more.

        Raises:
            DataError: NaN or infinite values, or another type than the others have.
        """
        if stored.dtype.kind == 'f' and not np.isfinite(stored).all():
            bad = int((~np.isfinite(stored)).sum())
            raise DataError(f'{path}: {bad} of its {stored.size} values are NaN or infinite')
        kind = 'floats' if stored.dtype.kind == 'f' else stored.dtype.name
        self._types.setdefault(kind, os.fspath(path))
        if len(self._types) > 1:
            (one, first), (other, second) = self._types.items()
            raise DataError(
                f'{second} holds {other} and {first} {one}', expected='one type of values in all predictions'
            )
        self._low, self._high = min(self._low, float(stored.min())), max(self._high, float(stored.max()))
        if stored.dtype.kind == 'f' and self._whole:
            self._whole = bool((stored == np.floor(stored)).all())
        if self._few is not None:
            self._few |= set(np.unique(stored).astype(float).tolist()[:3])
            if len(self._few) > 2:
                self._few = None

    def scale(self, asked: str | float = 'auto') -> PredictionScale:
        """What the values mean.

        Args:
            asked: Of :data:`SCALES`, or the value that means probability 1.

        Raises:
            DataError: The values do not tell.
        """
        kind = next(iter(self._types))
        found = f'{kind}, values {self._low:g} to {self._high:g}'
        if asked != 'auto':
            return PredictionScale(asked, False, found)
        if self._few is not None and self._low >= 0 and self._few <= {0.0, self._high}:
            if self._high in (0, 1, 255, 65535):
                return PredictionScale(
                    self._high or 1.0, True, f'values {" and ".join(f"{v:g}" for v in sorted(self._few))}'
                )
            raise self._unclear(found, f'{self._high:g} if they are masks, 255 if they are 8-bit probabilities')
        if self._low < 0:
            raise self._unclear(found, 'logit if they are outputs without the sigmoid, max if they are responses')
        if self._high <= 1:
            return PredictionScale(1.0, False, found)
        # Maps none of which comes up to half of the code are rather something else: numbered targets, 12-bit codes.
        code = _CODES.get(kind, 255.0)
        if self._whole and code / 2 < self._high <= code:
            return PredictionScale(code, False, found)
        raise self._unclear(
            found,
            '255 or 65535 if they are codes of 8 or 16 bits, logit without the sigmoid, max if they are responses',
        )

    @staticmethod
    def _unclear(found: str, cure: str) -> DataError:
        return DataError(
            f'the predictions are {found}',
            expected='probabilities 0 to 1, 8-bit or 16-bit codes of them, or masks of 0 and 1, 255 or 65535',
            cure=f'say which value means probability 1, with --scale: {cure}',
            option='scale',
        )
