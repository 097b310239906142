"""Which options of the normalization decide the network's input."""

from __future__ import annotations

from typing import Any

import pytest

from mmirstd.datasets.gray_normalization import GrayNormalization


@pytest.mark.parametrize(
    ('options', 'in_effect'),
    [
        ({}, dict(normalize='fixed')),
        (dict(normalize='auto', nonfinite='median'), dict(normalize='auto')),
        (dict(normalize='auto', bit_depth=14), dict(normalize='fixed', bit_depth=14)),
        (dict(max_value=900, bit_depth=14), dict(normalize='fixed', max_value=900)),
        (dict(normalize='robust', bit_depth=14, invert=True), dict(normalize='robust', invert=True)),
        (dict(normalize='percentile', percentiles=(1, 99)), dict(normalize='percentile', percentiles=[1.0, 99.0])),
    ],
)
def test_options_without_effect_are_left_out(options: dict[str, Any], in_effect: dict[str, Any]) -> None:
    assert GrayNormalization(**options).in_effect == in_effect
