from __future__ import annotations

import numpy as np
import pytest

from mmirstd.datasets.bit_depth import BitDepthWatch


def watch(*largest: int, dtype=np.uint16) -> BitDepthWatch:
    found = BitDepthWatch()
    for value in largest:
        found.observe(np.array([[0, value]], dtype))
    return found


@pytest.mark.parametrize(
    ('largest', 'depth'),
    [(255, 8), (256, 10), (1023, 10), (4095, 12), (4096, 14), (16383, 14), (16384, None), (65535, None), (0, None)],
)
def test_the_least_usual_depth_that_holds_all(largest, depth):
    assert watch(largest).depth == depth
    assert watch(1, largest, 0).depth == (depth if largest else 8)


def test_only_16_bit_images_count():
    assert watch(200, dtype=np.uint8).depth is None
    assert watch(200, dtype=np.float32).warning('{}') is None


def test_the_warning_says_what_was_seen():
    text = watch(5000, 16000).warning('bit_depth={}')
    assert text.startswith('The 2 16-bit images looked at are all below 2^14 (largest value 16000).')
    assert 'bit_depth=14' in text
    assert '4 times too dark' in text
    assert watch(300).warning('').startswith('The 16-bit image looked at is below 2^10')
    assert watch(20000).warning('') is None
