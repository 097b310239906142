from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mmirstd.utils.logits import SATURATED, VANISHED, logit_of, probability_of


@given(st.floats(-700, 700))
def test_there_and_back(logit: float) -> None:
    probability = probability_of(np.array([logit, -logit]))
    assert abs(probability.sum() - 1) <= 2**-52
    if abs(logit) < 16:
        # near 1, float64 keeps 1 - p to 2^-53, which e^16 enlarges
        np.testing.assert_allclose(logit_of(probability), [logit, -logit], rtol=1e-12, atol=2**-53 * np.exp(16) * 2)


def test_the_ends_of_float32_are_finite() -> None:
    assert np.array_equal(logit_of(np.array([0, 1], np.float32)), [VANISHED, SATURATED])
    below, above = (np.float32(probability_of(np.array([SATURATED + step]))[0]) for step in (-0.1, 0.1))
    assert (below, above) == (np.nextafter(np.float32(1), np.float32(0)), 1)
    assert float(np.nextafter(np.float32(0), np.float32(1))) / 2 == np.exp2(-150.0)
