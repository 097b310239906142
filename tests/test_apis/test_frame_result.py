"""Another threshold from the maps in memory is what the inferencer finds with that threshold."""

from __future__ import annotations

import numpy as np
import pytest

from mmirstd.apis import IRSTDInferencer, MovingTargetInferencer
from tests.test_apis.helpers import LocalContrast, scene
from tests.test_models.clip_models import tiny_detector

IMAGE = scene(targets=((20, 20), (40, 70)))


@pytest.mark.parametrize(('threshold', 'min_area'), [(0.05, 1), (0.5, 1), (0.5, 9), (0.5, 10), (0.999, 1)])
def test_segmentation(threshold: float, min_area: int) -> None:
    network = LocalContrast()
    (first,) = IRSTDInferencer(network, device='cpu', threshold=0.3).infer(IMAGE)
    (expected,) = IRSTDInferencer(network, device='cpu', threshold=threshold, min_area=min_area).infer(IMAGE)
    again = first.at_threshold(threshold, min_area)
    assert again.targets == expected.targets
    assert np.array_equal(again.mask, expected.mask)
    assert again.record() == expected.record()
    assert first.threshold == 0.3  # as it was


def test_detection() -> None:
    network = tiny_detector(5)
    (first,) = MovingTargetInferencer(network, device='cpu', threshold=0.9).infer(IMAGE)
    scores = sorted(t.peak for t in first.at_threshold(0.0).targets)
    limit = scores[len(scores) // 2]
    (expected,) = MovingTargetInferencer(network, device='cpu', threshold=limit, min_area=4).infer(IMAGE)
    assert first.at_threshold(limit, 4).record() == expected.record()
    assert 0 < len(expected.targets) < len(scores)


def test_range() -> None:
    (result,) = IRSTDInferencer(LocalContrast(), device='cpu').infer(IMAGE)
    with pytest.raises(ValueError, match='0 <= threshold < 1'):
        result.at_threshold(1.0)
    with pytest.raises(ValueError, match='min_area'):
        result.at_threshold(0.5, 0)
