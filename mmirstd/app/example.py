"""A generated scene for those who have no file at hand."""

from __future__ import annotations

import cv2
import numpy as np

from mmirstd.datasets.synthetic import SceneConfig, SensorConfig, TargetConfig, render_scene

#: Of the camera that is imitated.
BITS = 14


def generated_scene(seed: int, size: tuple[int, int] = (240, 320)) -> np.ndarray:
    """A scene with small targets as a camera of 14 bits sees it, with all its codes in use.

    Args:
        seed: Another scene for another number.
        size: (height, width) in pixels.

    Returns:
        (H, W) uint16, from 0 to 16383.
    """
    config = SceneConfig(
        size=size,
        sensor=SensorConfig(bit_depth=BITS),
        targets=TargetConfig(count=(0, 0, 0, 1, 1, 1), size=(2.0, 5.0), scr=(8.0, 30.0)),
    )
    image = render_scene(config, np.random.default_rng(seed)).image
    return cv2.normalize(image, np.empty_like(image), 0, 2**BITS - 1, cv2.NORM_MINMAX)
