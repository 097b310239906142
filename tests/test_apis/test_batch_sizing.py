"""The batch grows while that raises the rate, and shrinks with the size of images."""

from __future__ import annotations

import pytest

from mmirstd.apis.batch_sizing import MOST_PIXELS, BatchSizing


class Machine:
    """A clock, and a network whose run takes ``fixed`` and ``each`` seconds."""

    def __init__(self, fixed: float, each: float, most: int = 10**6) -> None:
        self.now, self.fixed, self.each, self.most = 0.0, fixed, each, most

    def run(self, images: int) -> None:
        if images > self.most:
            raise RuntimeError('out of memory')
        self.now += self.fixed + self.each * images

    def clock(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ('machine', 'expected'),
    [
        (Machine(0, 1), 1),  # nothing to be gained
        (Machine(1, 1), 16),  # 17/16 against 33/32 is less than 5 percent
        (Machine(1000, 1), 64),  # as many pixels as are allowed
        (Machine(1000, 1, most=20), 16),
    ],
)
def test_auto(machine: Machine, expected: int) -> None:
    sizing = BatchSizing('auto')
    assert not sizing.measured
    assert sizing.measure(machine.run, MOST_PIXELS // 64, machine.clock) == expected
    assert sizing.measured
    assert sizing.of(MOST_PIXELS // 64) == expected
    assert sizing.of(MOST_PIXELS // 16) == max(1, expected // 4)
    assert sizing.of(1) == expected


def test_a_fixed_number_stays() -> None:
    assert BatchSizing(4).measured
    assert BatchSizing(4).of(2**30) == 4
    for wrong in (0, 'all', 1.5):
        with pytest.raises(ValueError, match='batch_size'):
            BatchSizing(wrong)
