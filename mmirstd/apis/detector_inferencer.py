"""Detectors of mmdet, with mmdet's own pipelines, on one's own images and videos."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from mmcv.transforms import Compose

from mmirstd.engine.loading_options import bare_type
from mmirstd.engine.single_image_pipeline import ANNOTATION_STEPS
from mmirstd.utils.errors import ConfigError, DataError

from .base_inferencer import TargetInferencer
from .frame_inference import OnError
from .frame_result import FrameResult
from .frame_stream import RawFormat
from .inputs import Source
from .model_loading import config_name

_DEFAULT_PIPELINE = (dict(type='mmirstd.LoadInfraredImage'), dict(type='mmdet.PackDetInputs'))
_OURS, _STOCK = 'LoadInfraredImage', ('LoadImageFromFile', 'LoadImageFromNDArray')


@dataclass
class PreparedDetectorImage:
    """One image on its way to a detector.

    Attributes:
        source: Where it is from.
        frame: Its number.
        gray: (H, W) as read.
        image: What the pipeline takes behind its loading step.
    """

    source: Source
    frame: int
    gray: np.ndarray
    image: np.ndarray


class DetectorInferencer(TargetInferencer):
    """Find targets with a detector of mmdet (YOLOX, RetinaNet, Faster R-CNN, DETR, ...), image by image.

    The config's own test pipeline runs. Where it begins with mmdet's ``LoadImageFromFile``, the network saw color
    images of 8 bits: gray values become three equal channels, and those of more bits are scaled to 0 to 255 as the
    loading options say (``bit_depth=14``; without any, 65535 becomes 255, as when OpenCV reads such a file in color).

    Every class that the network knows is a target.

    Args:
        model: Of an mmdet detector; the others: see :class:`~.base_inferencer.TargetInferencer`.

    Raises:
        ConfigError: The config's network is no detector of mmdet, or its pipeline begins with another step.
    """

    _scope = 'mmdet'
    boxes = True

    def __init__(
        self,
        model: Any,
        weights: str | os.PathLike[str] | None = None,
        device: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(model, weights, device, *args, **kwargs)

    def _init_pipeline(self, cfg: Any) -> Compose:
        from mmdet.models.detectors import BaseDetector  # here, behind what mmirstd.compat puts in

        if not isinstance(self.model, BaseDetector):
            raise ConfigError(f'{config_name(cfg)}: a {type(self.model).__name__} is no detector of mmdet')
        steps = self._test_pipeline(cfg, _DEFAULT_PIPELINE)
        self.color = bare_type(steps[0]) in _STOCK
        loading = [dict(type='mmirstd.LoadInfraredImage', **self.load_options)] if self.color else steps
        self.loader = self._build_loader(cfg, loading, _OURS)
        return Compose([step for step in steps[1:] if bare_type(step) not in ANNOTATION_STEPS])

    def preprocess(
        self,
        inputs: Any,
        batch_size: int = 1,
        recursive: bool = False,
        on_error: OnError | None = None,
        raw_format: RawFormat | None = None,
        max_frames: int | None = None,
    ) -> Iterator[list[PreparedDetectorImage]]:
        """Batches of images of one size; see the base class."""
        batch: list[PreparedDetectorImage] = []
        for prepared in self._prepared(self._sources(inputs, recursive), on_error, raw_format, max_frames):
            if batch and batch[0].image.shape != prepared.image.shape:
                yield batch
                batch = []
            batch.append(prepared)
            if len(batch) == batch_size:
                yield batch
                batch = []
        if batch:
            yield batch

    def prepare(self, raw: np.ndarray, source: Source, frame: int = 0) -> PreparedDetectorImage:
        """Gray values (H, W) as the network saw them in training.

        Raises:
            DataError: They do not fit the normalization, or are not finite.
        """
        label = source.label if source.still else f'{source.label}, frame {frame}'
        if raw.dtype.kind == 'f':
            raw = self.loader.repair_nonfinite(raw, label)
        image = self.loader.normalized(raw, label)
        if self.color:
            codes = np.clip(np.rint(image * 255), 0, 255).astype(np.uint8)
            image = cv2.cvtColor(codes, cv2.COLOR_GRAY2BGR)
        return PreparedDetectorImage(source, frame, raw, image)

    def forward(self, inputs: list[PreparedDetectorImage], on_error: OnError | None = None) -> list[FrameResult]:
        """Results of a batch; if it fails as a whole, its images are tried one by one."""
        try:
            return self._forward(inputs)
        except Exception as error:
            if on_error is None:
                raise
            if len(inputs) > 1:
                return [result for item in inputs for result in self.forward([item], on_error)]
            on_error(inputs[0].source, error)
            return []

    @torch.no_grad()
    def _forward(self, batch: list[PreparedDetectorImage]) -> list[FrameResult]:
        packed = [self.pipeline(self._sample(number, item)) for number, item in enumerate(batch)]
        samples = self.model.test_step({key: [item[key] for item in packed] for key in ('inputs', 'data_samples')})
        results = []
        for item, sample in zip(batch, samples):
            found = sample.pred_instances
            if not (torch.isfinite(found.bboxes).all() and torch.isfinite(found.scores).all()):
                raise DataError(
                    f"{item.source.label}: the network gave NaN; its weights or the image's values are not what they "
                    'should be'
                )
            result = FrameResult(item.source, item.frame, item.gray, [], self.threshold, data_sample=sample)
            results.append(result.at_threshold(self.threshold, self.min_area))
        return results

    @staticmethod
    def _sample(number: int, item: PreparedDetectorImage) -> dict[str, Any]:
        shape = item.gray.shape[:2]
        return dict(
            img=np.ascontiguousarray(item.image),
            img_id=number,
            img_path=item.source.label,
            img_shape=shape,
            ori_shape=shape,
            pad_shape=shape,
            scale_factor=(1.0, 1.0),
            instances=[],
        )
