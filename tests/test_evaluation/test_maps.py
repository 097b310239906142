from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from mmengine.structures import PixelData

from mmirstd.evaluation.maps import logit_map_with, map_of

LOGITS = st.floats(-80, 80, width=32)


@given(arrays(np.float32, (2, 3, 4), elements=LOGITS))
def test_two_classes_give_the_softmax_of_the_target(logits: np.ndarray) -> None:
    exact = np.exp(logits.astype(np.float64))
    expected = exact[1] / exact.sum(0)
    for field in (PixelData(data=torch.from_numpy(logits)), dict(data=torch.from_numpy(logits)), logits):
        found = map_of(field)
        # float32 rounds the difference of the logits, which the sigmoid does not enlarge, and the sigmoid
        np.testing.assert_allclose(found, expected, atol=160 * 2**-24 / 4 + 2**-23)
    # mmseg's own decision
    clear = np.abs(logits[1] - logits[0]) > 1e-3
    assert np.array_equal((found > 0.5)[clear], (logits.argmax(0) == 1)[clear])


@pytest.mark.parametrize('data', [torch.rand(1, 3, 4), torch.rand(3, 4), torch.ones(1, 3, 4, dtype=torch.uint8)])
def test_one_channel_is_handed_on(data: torch.Tensor) -> None:
    assert np.array_equal(map_of(dict(data=data)), data.reshape(3, 4).numpy())


@pytest.mark.parametrize('data', [torch.rand(3, 3, 4), torch.zeros(2, 3, 4, dtype=torch.long), torch.rand(4)])
def test_no_map(data: torch.Tensor) -> None:
    with pytest.raises(ValueError, match='num_classes=2'):
        map_of(data)


def test_probabilities_alone_have_no_logits() -> None:
    for shape in ((5, 6), (1, 5, 6), (2, 6), (1, 2, 6)):  # also of an image of two rows
        sample = dict(seg_logits=dict(data=torch.full(shape, 0.25)))
        assert logit_map_with(map_of(sample['seg_logits']), sample) is None
    two = dict(seg_logits=dict(data=torch.stack([torch.zeros(5, 6), torch.full((5, 6), 40.0)])))
    np.testing.assert_array_equal(logit_map_with(map_of(two['seg_logits']), two), np.full((5, 6), 40, np.float32))
