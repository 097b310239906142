from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def scene() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A detected, a missed and a false target of three pixels each in 14-bit noise."""
    image = np.random.default_rng(0).normal(8000, 5, (64, 96)).astype(np.uint16)
    gt, prob = np.zeros(image.shape, np.uint8), np.full(image.shape, 0.1, np.float32)
    gt[10, 20:23] = gt[40, 60:63] = 1
    image[gt > 0] = 9000
    prob[11, 20:23] = 0.9  # one row off
    prob[40, 60:63] = 0.3
    prob[55, 5:8] = 0.7
    return image, gt, prob


@pytest.fixture
def frame() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Two targets of three pixels in 14-bit noise; one found, one below the threshold, and a false alarm."""
    image = np.random.default_rng(0).normal(8000, 5, (60, 80)).astype(np.uint16)
    image[10, 20:23] = image[40, 60:63] = 9000
    targets = np.array([[60, 40, 63, 41], [20, 10, 23, 11]], float)
    boxes = np.array([[59, 40, 63, 42], [21, 10, 24, 12], [5, 50, 9, 54]], float)
    return image, targets, boxes, np.array([0.4, 0.9, 0.6])
