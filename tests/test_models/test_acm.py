"""What ACM has beside the figures that tests/test_models/test_golden.py compares."""

from __future__ import annotations

import pytest

from tests.golden_zoo import golden_network


def test_three_channels_that_cannot_be_folded_say_so() -> None:
    network = golden_network('acm-fpn')
    with pytest.raises(ValueError, match='cannot be folded.*--in-channels 3'):
        network.key_map.convert(network.official, in_channels=1)
