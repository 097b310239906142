"""Read the next items in a thread while the last one is worked on."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator
from typing import TypeVar

T = TypeVar('T')
#: Seconds after which a waiting main thread looks for Ctrl-C, which Windows does not tell otherwise.
_LOOK = 0.2


def read_ahead(items: Generator[T, None, None], size: Callable[[T], int], limit: int) -> Generator[T, None, None]:
    """The items in their order, the next ones read in a thread; an error comes in its place.

    Close it where it is left early: the thread then closes ``items`` and ends.

    Args:
        items: Runs in the thread.
        size: Of an item, at least 1.
        limit: Sum of the sizes of items that wait; a larger item waits alone.
    """
    waiting: deque[tuple[T, int]] = deque()
    change = threading.Condition()
    stopped = ended = False
    error: BaseException | None = None

    def run() -> None:
        nonlocal ended, error
        try:
            for item in items:
                weight = size(item)
                with change:
                    while not stopped and waiting and sum(other for _, other in waiting) + weight > limit:
                        change.wait()
                    if stopped:
                        break
                    waiting.append((item, weight))
                    change.notify_all()
            items.close()
        except BaseException as raised:
            error = raised
        with change:
            ended = True
            change.notify_all()

    thread = threading.Thread(target=run, name='read ahead', daemon=True)
    thread.start()
    try:
        while True:
            with change:
                while not change.wait_for(lambda: waiting or ended, _LOOK):
                    pass
                if not waiting:
                    break
                item, _ = waiting.popleft()
                change.notify_all()
            yield item
        if error is not None:
            raise error
    finally:
        with change:
            stopped = True
            change.notify_all()
        thread.join()
