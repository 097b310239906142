"""Predicting training images between epochs: loaded as the data set loads them, whole, without augmentation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import torch
from mmcv.transforms import Compose
from mmengine.dataset import pseudo_collate

from mmirstd.registry import TRANSFORMS

_META_KEYS = ('img_path', 'ori_shape', 'img_shape', 'pad_shape', 'scale_factor', 'padding_size')


@contextmanager
def predicting(model: torch.nn.Module) -> Iterator[None]:
    """Let a network in training predict: without gradients, with the statistics of its normalization layers."""
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        model.train(training)


def load_training_image(dataset: Any, index: int) -> dict[str, Any]:
    """A sample after the first step of its pipeline, which loads the image: ``img`` is (H, W) float32."""
    loaded: dict[str, Any] = dataset.pipeline.transforms[0](dataset.sample(index))
    return loaded


def predict_loaded(model: Any, loaded: dict[str, Any]) -> Any:
    """The data sample that a network predicts for an image, padded by reflection to a multiple of 32.

    Args:
        model: In :func:`predicting`.
        loaded: A sample of a pipeline, ``img`` is (H, W) float32.
    """
    (sample,) = model.test_step(pseudo_collate([_packing()(loaded)]))
    return sample


@lru_cache(maxsize=1)
def _packing() -> Compose:
    steps = [dict(type='mmirstd.PadToMultiple', divisor=32), dict(type='mmseg.PackSegInputs', meta_keys=_META_KEYS)]
    return Compose([TRANSFORMS.build(step) for step in steps])
