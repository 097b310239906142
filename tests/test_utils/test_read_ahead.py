"""Items keep their order, errors their place, and no thread stays."""

from __future__ import annotations

import threading
from collections.abc import Generator

import pytest

from mmirstd.utils.read_ahead import read_ahead


def test_items_come_in_order_and_the_error_after_them() -> None:
    def items() -> Generator[int, None, None]:
        yield from range(50)
        raise ValueError('the 51st is bad')

    ahead = read_ahead(items(), lambda _: 1, 4)
    assert [next(ahead) for _ in range(50)] == list(range(50))
    with pytest.raises(ValueError, match='51st'):
        next(ahead)


@pytest.mark.parametrize(('size', 'waiting'), [(1, 4), (3, 1), (100, 1)])
def test_it_reads_as_far_ahead_as_the_limit_lets_it(size: int, waiting: int) -> None:
    read: list[int] = []
    blocked = threading.Event()

    def items() -> Generator[int, None, None]:
        for number in range(20):
            read.append(number)
            if number == waiting + 1:
                blocked.set()
            yield number

    ahead = read_ahead(items(), lambda _: size, 4)
    assert next(ahead) == 0
    # One was taken, as many wait as fit, and one more is in the thread's hands.
    assert blocked.wait(10)
    assert read == list(range(waiting + 2))
    ahead.close()
    assert len(read) == waiting + 2


def test_leaving_early_closes_the_items_and_ends_the_thread() -> None:
    closed = threading.Event()

    def items() -> Generator[int, None, None]:
        try:
            while True:
                yield 0
        finally:
            closed.set()

    before = threading.active_count()
    ahead = read_ahead(items(), lambda _: 1, 2)
    next(ahead)
    ahead.close()
    assert closed.is_set()
    assert threading.active_count() == before
