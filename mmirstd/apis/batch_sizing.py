"""How many images go through a network together: as many as raise its rate; torch is not imported."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Pixels of a batch at most: 64 images of 256x256.
MOST_PIXELS = 2**22
#: A doubled batch must be faster by this factor for each image.
_GAIN = 1.05
_REPEATS = 3


class BatchSizing:
    """A number of images, fixed or to be measured.

    Args:
        size: Images of one size, or tiles, that go together; ``'auto'``: as many as raise the rate.

    Raises:
        ValueError: It is neither ``'auto'`` nor a positive number.
    """

    def __init__(self, size: int | str) -> None:
        if size != 'auto' and not (isinstance(size, int) and size >= 1):
            raise ValueError(f"batch_size is {size!r}; expected a whole number from 1 on, or 'auto'")
        self.measured = size != 'auto'
        self._images = 1 if size == 'auto' else int(size)
        self._pixels: int | None = None

    def of(self, pixels: int) -> int:
        """Images of so many pixels each that go together; larger ones than those measured are fewer."""
        if self._pixels is None:
            return self._images
        return max(1, min(self._images, self._images * self._pixels // pixels))

    def measure(self, run: Callable[[int], object], pixels: int, clock: Callable[[], float] = time.perf_counter) -> int:
        """Double the batch until that raises the rate no more, or it does not fit into memory.

        Args:
            run: Runs the network on so many images.
            pixels: Of one image.
            clock: Seconds.

        Returns:
            The number of images.
        """
        images, best = 1, _seconds(run, 1, clock)
        while 2 * images * pixels <= MOST_PIXELS:
            try:
                seconds = _seconds(run, 2 * images, clock) / (2 * images)
            except (RuntimeError, MemoryError):  # PyTorch's out of memory is a RuntimeError
                break
            if seconds * _GAIN > best:
                break
            images, best = 2 * images, seconds
        self._images, self._pixels, self.measured = images, pixels, True
        return images


def _seconds(run: Callable[[int], object], images: int, clock: Callable[[], float]) -> float:
    """Of one run, the best of a few after one to warm up."""
    run(images)
    times = []
    for _ in range(_REPEATS):
        start = clock()
        run(images)
        times.append(clock() - start)
    return min(times)
