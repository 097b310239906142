"""Pieces of work are taken in order; the first error ends it."""

from __future__ import annotations

import threading
from concurrent.futures import Future

import pytest

from mmirstd.utils.write_behind import WriteBehind


@pytest.mark.parametrize('threads', [1, 3])
def test_results_are_taken_in_order_by_this_thread(threads: int) -> None:
    taken: list[int] = []

    def take(done: Future[int]) -> None:
        assert threading.current_thread() is threading.main_thread()
        taken.append(done.result())

    with WriteBehind(take, limit=5, threads=threads) as background:
        for number in range(40):
            background.submit(lambda number=number: number, size=1 + number % 7)
    assert taken == list(range(40))


def test_an_error_drops_what_was_not_begun() -> None:
    began: list[int] = []
    taken: list[object] = []
    release = threading.Event()

    def work(number: int) -> int:
        began.append(number)
        release.wait(10)
        if number == 1:
            raise OSError('full')
        return number

    def submit_all() -> None:
        with WriteBehind(lambda done: taken.append(done.result()), limit=100) as background:
            for number in range(5):
                background.submit(lambda number=number: work(number))
            release.set()

    with pytest.raises(OSError, match='full'):
        submit_all()
    assert began == [0, 1]
    assert taken == [0]


def test_an_error_of_the_caller_keeps_what_is_being_written() -> None:
    taken: list[int] = []
    began, release = threading.Event(), threading.Event()

    def work(number: int) -> int:
        began.set()
        release.wait(10)
        return number

    def interrupted() -> None:
        with WriteBehind(lambda done: taken.append(done.result()), limit=100) as background:
            for number in range(3):
                background.submit(lambda number=number: work(number))
            assert began.wait(10)
            threading.Timer(0.05, release.set).start()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert taken == [0]


def test_no_more_waits_than_the_limit_says() -> None:
    running, most = 0, 0

    def take(done: Future[None]) -> None:
        nonlocal running
        running -= 1

    with WriteBehind(take, limit=4) as background:
        for _ in range(30):
            background.submit(lambda: None, size=2)
            running += 1
            most = max(most, running)
    assert running == 0
    assert most <= 2
