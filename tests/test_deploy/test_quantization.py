"""Which convolutions int8 leaves in float."""

from __future__ import annotations

from mmirstd.deploy.quantization import convolutions_in_float


def test_ends_and_full_resolution_stay_in_float() -> None:
    pixels = dict(stem=4, first=4, down=1, deep=1, deeper=1, up=1, last=4, head=1)
    assert convolutions_in_float(pixels) == ['first', 'head', 'last', 'stem']


def test_of_a_network_that_is_all_full_resolution_the_ends_stay() -> None:
    assert convolutions_in_float(dict.fromkeys('abcdef', 9)) == ['a', 'f']
