"""Frames decoded once though they appear in several windows."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from numpy.typing import NDArray

from .mask_values import MaskRule
from .raw_cache import RawCache


class FrameReader:
    """A :class:`RawCache` behind the last few frames that this process decoded.

    A frame belongs to up to T windows. While the shared cache has room, each file is decoded once for all workers; when
    it is full (or off), the windows of a batch and of the next batches still find their common frames here.

    Args:
        cache: The shared cache.
        recent: Number of frames kept per process; 0 keeps none.
    """

    def __init__(self, cache: RawCache, recent: int = 64) -> None:
        self.cache = cache
        self._size = int(recent)
        self._recent: OrderedDict[str, NDArray[Any]] = OrderedDict()

    def image(self, path: str) -> NDArray[Any]:
        """The raw one-channel image (H, W), not to be written to; see :func:`~.image_io.read_image`."""
        array = self._recent.get(path)
        if array is not None:
            self._recent.move_to_end(path)
            return array
        array = self.cache.image(path)
        if self._size:
            self._recent[path] = array
            if len(self._recent) > self._size:
                self._recent.popitem(last=False)
        return array

    def mask(self, path: str, rule: MaskRule = 'auto') -> NDArray[Any]:
        """The binary mask (H, W) uint8 {0, 1}, read-only; see :func:`~.image_io.read_mask`."""
        return self.cache.mask(path, rule)

    def __deepcopy__(self, memo: dict[int, Any]) -> FrameReader:
        """The same reader: mmengine deep-copies samples and data sets."""
        return self

    def __getstate__(self) -> dict[str, Any]:
        return dict(cache=self.cache, _size=self._size, _recent=OrderedDict())
