"""What RDIAN has beside the figures that tests/test_models/test_golden.py compares."""

from __future__ import annotations

import pytest
import torch

from mmirstd.models.backbones.rdian import direction_contrast
from tests.shared import load_golden


def test_direction_contrast_is_that_of_the_official_kernels() -> None:
    image = torch.rand(2, 1, 12, 15, dtype=torch.float64)
    kept = load_golden('basic_rdian')['kept_values']
    differences = []
    for i in range(1, 9):
        kernel = torch.tensor(kept[f'd1{i}.weight'], dtype=torch.float64).view(1, 1, 5, 5)
        differences.append(torch.nn.functional.conv2d(image, kernel, padding=2))
    expected = sum(differences[i] * differences[i + 4] for i in range(4))
    torch.testing.assert_close(direction_contrast(image), expected)


def test_direction_contrast_finds_a_point() -> None:
    image = torch.zeros(1, 1, 9, 9)
    image[0, 0, 4, 4] = 0.5
    contrast = direction_contrast(image)
    assert contrast.argmax() == 4 * 9 + 4
    assert float(contrast[0, 0, 4, 4]) == pytest.approx(4 * 0.25)
