"""What computes the maps of :class:`~.irstd_inferencer.IRSTDInferencer`: PyTorch or an exported file."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from typing import Any

import cv2
import numpy as np
import torch

from mmirstd.deploy.session import GraphSession
from mmirstd.evaluation.maps import logit_map_of, map_of
from mmirstd.utils.errors import ConfigError

from .score_map import ScoreMap
from .session_maps import session_maps


class MapBackend(ABC):
    """Computes maps.

    Attributes:
        name: ``'torch'``, ``'onnxruntime'`` or ``'openvino'``.
        precision: Of the arithmetic.
    """

    name: str
    precision: str

    @abstractmethod
    def __call__(self, images: list[np.ndarray]) -> list[ScoreMap]:
        """Maps (H, W) of normalized images (H, W) of one shape."""


class TorchBackend(MapBackend):
    """A network of mmseg.

    Args:
        network: The network.
        pipeline: The test pipeline behind its loading step.
        label: Name of the config, for messages.
        precision: ``'fp32'``, or ``'bf16'`` and ``'fp16'`` by autocast.
    """

    name = 'torch'

    def __init__(self, network: Any, pipeline: Any, label: str, precision: str = 'fp32') -> None:
        self.network = network
        self.pipeline = pipeline
        self.label = label
        self.precision = precision

    @torch.no_grad()
    def __call__(self, images: list[np.ndarray]) -> list[ScoreMap]:
        """See the base class."""
        packed = [self.pipeline(_sample(image)) for image in images]
        data = {key: [item[key] for item in packed] for key in ('inputs', 'data_samples')}
        with self._arithmetic():
            samples = self.network.test_step(data)
        maps = []
        for sample, image in zip(samples, images):
            try:
                arrays = map_of(sample.seg_logits), logit_map_of(sample)
            except ValueError as error:
                raise ConfigError(f'{self.label}: its prediction: {error}') from None
            maps.append(ScoreMap(*(_of_size(array, image.shape) for array in arrays)))
        return maps

    def _arithmetic(self) -> contextlib.AbstractContextManager:
        if self.precision == 'fp32':
            return contextlib.nullcontext()
        device = next((p.device.type for p in self.network.parameters()), 'cpu')
        return torch.autocast(device, {'bf16': torch.bfloat16, 'fp16': torch.float16}[self.precision])


class SessionBackend(MapBackend):
    """An exported file.

    Args:
        session: The file, opened.
        precision: In which it computes.
    """

    def __init__(self, session: GraphSession, precision: str = 'fp32') -> None:
        self.session = session
        self.name = session.runtime
        self.precision = precision

    def __call__(self, images: list[np.ndarray]) -> list[ScoreMap]:
        """See the base class."""
        return session_maps(self.session, images)


def _of_size(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if array.shape != shape:
        array = cv2.resize(array, shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.array(array, np.float32)


def _sample(image: np.ndarray) -> dict[str, Any]:
    shape = image.shape
    return dict(
        img=np.ascontiguousarray(image),
        img_path='',
        img_shape=shape,
        ori_shape=shape,
        pad_shape=shape,
        scale_factor=(1.0, 1.0),
    )
