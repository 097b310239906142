from __future__ import annotations

from mmirstd.utils.spread import LOOKS, spread


def test_spread() -> None:
    assert spread(range(5), 9) == [0, 1, 2, 3, 4]
    assert spread(range(101), 3) == [0, 50, 100]
    assert len(set(spread(range(10000)))) == LOOKS
