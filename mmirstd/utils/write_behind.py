"""Write what is done in threads while the next is worked on."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar('T')


class WriteBehind(Generic[T]):
    """Runs pieces of work in threads; their results are taken by the caller's thread, in order. A context manager.

    An error of a piece, or inside the block, drops what has not begun, and waits for what has.

    Args:
        take: Called with each piece's future, when it is done; what it raises ends the block.
        limit: Sum of the sizes of pieces that wait; a larger piece waits alone.
        threads: Threads; with one, the pieces run one after the other.
    """

    def __init__(self, take: Callable[[Future[T]], None], limit: int, threads: int = 1) -> None:
        self._take = take
        self._limit = limit
        self._pool = ThreadPoolExecutor(threads, 'write behind')
        self._waiting: deque[tuple[Future[T], int]] = deque()
        self._total = 0
        self._failed = threading.Event()

    def submit(self, work: Callable[[], T], size: int = 1) -> None:
        """Have a piece of work done; waits where too much is waiting."""
        while self._waiting and (self._waiting[0][0].done() or self._total + size > self._limit):
            self._take_first()
        self._waiting.append((self._pool.submit(self._run, work), size))
        self._total += size

    def _run(self, work: Callable[[], T]) -> T:
        if self._failed.is_set():
            raise _Dropped
        try:
            return work()
        except BaseException:
            self._failed.set()
            raise

    def finish(self) -> None:
        """Wait until all is done and taken."""
        while self._waiting:
            self._take_first()

    def _take_first(self) -> None:
        future, size = self._waiting.popleft()
        self._total -= size
        future.exception()  # waits
        self._take(future)

    def __enter__(self) -> WriteBehind[T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.finish()
        finally:
            self._pool.shutdown(wait=True, cancel_futures=True)
        if kind is not None:
            for future, _ in self._waiting:
                if not future.cancelled() and not isinstance(future.exception(), _Dropped):
                    self._take(future)


class _Dropped(Exception):
    """A piece that was not begun, because one before it failed."""
