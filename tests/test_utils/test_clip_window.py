from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmirstd.utils.clip_window import GAPS, window_positions

NUMBERS = [3, 4, 6, 10]


@pytest.mark.parametrize(
    ('gaps', 'expected'),
    [
        ('hold', ([0, 1, 1, 2], 1)),  # 5 does not exist: 4 is held
        ('error', ([0, 1, 1, 2], 1)),
        ('position', ([0, 0, 1, 2], 0)),
    ],
)
def test_a_missing_past_frame(gaps: str, expected: tuple[list[int], int]) -> None:
    assert gaps in GAPS
    assert window_positions(NUMBERS, 2, 4, gaps=gaps) == expected


def test_the_first_frame_is_repeated_before_the_start_and_is_not_missing() -> None:
    assert window_positions(NUMBERS, 0, 5, stride=2) == ([0] * 5, 0)
    assert window_positions(NUMBERS, 1, 3) == ([0, 0, 1], 0)


def test_the_stride_counts_frame_numbers_and_not_files() -> None:
    assert window_positions(NUMBERS, 3, 3, stride=4) == ([0, 2, 3], 0)  # 10, 6, and 2, which is before the start


@given(
    numbers=st.lists(st.integers(0, 40), min_size=1, max_size=12, unique=True).map(sorted),
    frames=st.integers(1, 6),
    stride=st.integers(1, 4),
    gaps=st.sampled_from(sorted(GAPS)),
)
def test_a_window_never_looks_ahead_and_ends_with_its_key_frame(numbers, frames, stride, gaps) -> None:
    for position in range(len(numbers)):
        positions, missing = window_positions(numbers, position, frames, stride, gaps)
        assert len(positions) == frames
        assert positions == sorted(positions)
        assert positions[-1] == position
        assert 0 <= missing < frames
