"""The filters in PyTorch are those in NumPy and OpenCV."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmirstd.deploy.classical_graph import SALIENCIES, ClassicalGraph
from mmirstd.models.segmentors import IPI, LCM, MPCM, PSTNN, WSLCM, ClassicalSegmentor, MaxMedian, WhiteTopHat

METHODS = [
    LCM(),
    LCM(cell_sizes=(3, 7), floor=0.5),
    MPCM(),
    MPCM(polarity='both'),
    WSLCM(),
    WSLCM(cell_sizes=(5,), min_deviation=1.0),
    MaxMedian(),
    MaxMedian(kernel_size=5),
    WhiteTopHat(),
    WhiteTopHat(polarity='both'),
    WhiteTopHat(kernel_size=7, shape='ellipse', polarity='dark'),
]


@pytest.mark.parametrize('method', METHODS, ids=lambda method: type(method).__name__)
@pytest.mark.parametrize('shape', [(40, 56), (9, 31)])
def test_the_probability_of_the_method(method: ClassicalSegmentor, shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).random(shape, np.float32)
    image[5, 7] += 1
    expected = 1 / (1 + np.exp(-method.logits(image).astype(np.float64)))
    found = ClassicalGraph(method).logit(torch.from_numpy(image)[None, None])[0].sigmoid().numpy()
    # logits are differences of logarithms of saliencies, whose rounding is relative to the image, not to them
    saliency = np.maximum(method.saliency(image), 0)
    rounding = 2.0**-22 / np.maximum(saliency, 1e-12) / 4
    assert (np.abs(found - expected) <= rounding.clip(1e-6)).all()
    assert found.std() > 1e-3


def test_a_flat_image_has_no_target() -> None:
    found = ClassicalGraph(WhiteTopHat()).logit(torch.full((1, 1, 20, 20), 0.3)).sigmoid()
    assert found.max() < 1e-5


def test_every_method_has_a_graph_or_a_reason() -> None:
    from mmirstd.deploy.export_limits import NOT_EXPORTED

    methods = {IPI, LCM, MPCM, PSTNN, WSLCM, MaxMedian, WhiteTopHat}
    assert set(SALIENCIES) == {method for method in methods if method.__name__ not in NOT_EXPORTED}
