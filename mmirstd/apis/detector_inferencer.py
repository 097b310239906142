"""Detectors of mmdet, with mmdet's own pipelines, on one's own images and videos."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import torch
from mmcv.transforms import Compose

from mmirstd.engine.single_image_pipeline import needs_annotation
from mmirstd.utils.config_parts import bare_type
from mmirstd.utils.errors import ConfigError

from .base_inferencer import TargetInferencer
from .frame_result import Detections, FrameResult, detected
from .inputs import Source
from .model_loading import config_name
from .single_image_inference import PreparedImage, SingleImageInference

_DEFAULT_PIPELINE = (dict(type='mmirstd.LoadInfraredImage'), dict(type='mmdet.PackDetInputs'))
_OURS, _STOCK = 'LoadInfraredImage', ('LoadImageFromFile', 'LoadImageFromNDArray')


class DetectorInferencer(SingleImageInference, TargetInferencer):
    """Find targets with a detector of mmdet (YOLOX, RetinaNet, Faster R-CNN, DETR, ...), image by image.

    The config's own test pipeline runs. Where it begins with mmdet's ``LoadImageFromFile``, the network saw color
    images of 8 bits: gray values become three equal channels, and those of more bits are scaled to 0 to 255 as the
    loading options say (``bit_depth=14``; ``normalize='fixed'``: 65535 becomes 255, as when OpenCV reads such a file in
    color). Without any they are stretched.

    Every class that the network knows is a target.

    Args:
        model: Of an mmdet detector; the others: see :class:`~.base_inferencer.TargetInferencer`.

    Raises:
        ConfigError: The config's network is no detector of mmdet, or its pipeline begins with another step.
    """

    _scope = 'mmdet'
    boxes = True

    def _init_pipeline(self, cfg: Any) -> Compose:
        from mmdet.models.detectors import BaseDetector  # here, behind what mmirstd.compat puts in

        if not isinstance(self.model, BaseDetector):
            raise ConfigError(f'{config_name(cfg)}: a {type(self.model).__name__} is no detector of mmdet')
        steps = self._test_pipeline(cfg, _DEFAULT_PIPELINE)
        self.color = bare_type(steps[0]) in _STOCK
        loading = steps
        if self.color:
            loading = [dict(type='mmirstd.LoadInfraredImage')]
            self._choose_normalization(loading[0], cfg)
        self.loader = self._build_loader(cfg, loading, _OURS)
        return Compose([step for step in steps[1:] if not needs_annotation(step)])

    def prepare(self, raw: np.ndarray, source: Source, frame: int = 0) -> PreparedImage:
        """See the base class; color where the network saw color."""
        prepared = super().prepare(raw, source, frame)
        if self.color:
            codes = np.clip(np.rint(prepared.image * 255), 0, 255).astype(np.uint8)
            prepared.image = cv2.cvtColor(codes, cv2.COLOR_GRAY2BGR)
        return prepared

    @torch.no_grad()
    def run_batch(self, batch: list[PreparedImage]) -> list[FrameResult]:
        """See the base class."""
        packed = [self.pipeline(self._sample(number, item)) for number, item in enumerate(batch)]
        samples = self.model.test_step({key: [item[key] for item in packed] for key in ('inputs', 'data_samples')})
        decision = self.operating_point or self.threshold
        results = []
        for item, sample in zip(batch, samples):
            found = sample.pred_instances
            if not (torch.isfinite(found.bboxes).all() and torch.isfinite(found.scores).all()):
                raise item.nan_error()
            boxes = Detections.of(sample, self.classes)
            results.append(detected(item.source, item.frame, item.gray, boxes, decision, self.min_area, sample))
        return results

    @staticmethod
    def _sample(number: int, item: PreparedImage) -> dict[str, Any]:
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
