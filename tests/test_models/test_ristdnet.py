"""What RISTDnet has beside the figures that tests/test_models/test_golden.py compares."""

from __future__ import annotations

import pytest
import torch

from mmirstd.models.backbones.ristdnet import contrast_kernels


def test_contrast_kernels_do_not_see_a_constant() -> None:
    kernels = contrast_kernels()
    assert kernels.shape == (15, 1, 11, 11)
    torch.testing.assert_close(kernels.sum(dim=(1, 2, 3)), torch.zeros(15), atol=1e-6, rtol=0)
    # Outer radius 2, inner radius 1: a mean over 9 pixels minus one over 16.
    assert float(kernels[2, 0, 5, 6]) == pytest.approx(1 / 9)
    assert float(kernels[2, 0, 5, 7]) == pytest.approx(-1 / 16)
    assert float(kernels[2, 0, 5, 8]) == 0
