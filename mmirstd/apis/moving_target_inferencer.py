"""Models of clips on one's own videos, frame folders, cameras and streams."""

from __future__ import annotations

import os
from contextlib import nullcontext
from typing import Any

import numpy as np

from mmirstd.evaluation.maps import logit_map_of, map_of
from mmirstd.models.detectors import MultiFrameDetector
from mmirstd.models.recurrent_stream import RecurrentStream
from mmirstd.models.segmentors import MultiFrameSegmentor
from mmirstd.utils.errors import ConfigError, DataError

from .base_inferencer import TargetInferencer
from .frame_inference import NAN, OnError
from .frame_result import Detections, FrameResult, detected, measured
from .model_loading import config_name
from .nan_check import no_nan
from .score_map import ScoreMap
from .sequence_inference import PreparedFrame, SequenceInference, gaps_in_inference
from .streaming_detector import StreamingDetector
from .streaming_model import StreamingModel
from .streaming_segmentor import StreamingSegmentor


class MovingTargetInferencer(SequenceInference, TargetInferencer):
    """Find moving infrared small targets with a detector or a segmentor of clips, each frame's features computed once.

    Frames go one by one through :class:`~.streaming_detector.StreamingDetector` or
    :class:`~.streaming_segmentor.StreamingSegmentor`: a result is there with its frame, and memory does not grow.  A
    folder of images is one sequence; a single image is one of one frame.  Frames are not tiled.  A normalization by the
    clip's range (``'minmax'``, ``'percentile'``, ``'robust'``) is by each frame's here, unless the test pipeline aligns
    the frames of a clip.

    Example::

        inferencer = MovingTargetInferencer('sstnet_b4-20e_daub', 'best.pth', threshold=0.4)
        for result in inferencer.infer('video.mp4'):
            print(result.frame, [(t.x, t.y, t.peak) for t in result.targets])

    Args:
        model: Of an ``mmirstd.MultiFrameDetector`` or an ``mmirstd.MultiFrameSegmentor``; the others: see
            :class:`~.base_inferencer.TargetInferencer`.
        stride: Distance of a clip's frames; None: the test data set's in the config, or 1.

    Raises:
        ConfigError: The config's network is another.
    """

    _scope = 'mmdet'
    boxes = True
    detector: StreamingModel

    def __init__(
        self,
        model: Any,
        weights: str | os.PathLike[str] | None = None,
        device: str | None = None,
        *args: Any,
        stride: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.stride = stride
        super().__init__(model, weights, device, *args, **kwargs)

    def _init_pipeline(self, cfg: Any) -> Any:
        if not isinstance(self.model, (MultiFrameDetector, MultiFrameSegmentor)):
            raise ConfigError(
                f'{config_name(cfg)}: a {type(self.model).__name__} is neither an mmirstd.MultiFrameDetector nor an '
                'mmirstd.MultiFrameSegmentor; networks of single frames go with IRSTDInferencer'
            )
        self.boxes = isinstance(self.model, MultiFrameDetector)
        kind = StreamingDetector if self.boxes else StreamingSegmentor
        dataset = ((cfg or {}).get('test_dataloader') or {}).get('dataset') or {}
        stride = dataset.get('stride', 1) if self.stride is None else self.stride
        steps = self._test_pipeline(cfg, kind.default_pipeline)
        self.loader = self._build_loader(cfg, steps, 'LoadClip')
        self.gaps = gaps_in_inference(dataset)
        self.detector = kind(self.model, pipeline=steps, stride=stride, device=self.device, gaps=self.gaps)
        self.clip_frames = self.model.num_frames
        if isinstance(self.detector.stream, RecurrentStream):
            self.gaps = 'position'  # it knows no frame numbers
        return self.detector.pipeline

    def _default_threshold(self) -> float:
        masks = isinstance(self.model, MultiFrameSegmentor)
        return float(self.model.decode_head.threshold) if masks else super()._default_threshold()

    def forward(self, inputs: list[PreparedFrame], on_error: OnError | None = None) -> list[FrameResult]:
        """The result of one frame; one that fails has none, and the next goes on."""
        (item,) = inputs
        if self.begins(item):
            self.detector.reset()
        scores = None
        try:
            with no_nan(self.detector.model.bbox_head) if self.boxes else nullcontext():
                sample = self.detector(item.gray, item.place)
            if not self.boxes:
                maps = (map_of(sample.seg_logits), logit_map_of(sample))
                scores = ScoreMap(*(array.astype(np.float32) for array in maps))
                if np.isnan(scores.probability).any():
                    raise DataError(f'{item.source.label}, frame {item.frame}: {NAN}')
        except Exception as error:
            if on_error is None:
                raise
            on_error(item.source, error)
            return []
        decision = self.operating_point or self.threshold
        if scores is not None:
            return [measured(item.source, item.frame, item.gray, scores, decision, self.min_area, sample)]
        boxes = Detections.of(sample, self.classes)
        return [detected(item.source, item.frame, item.gray, boxes, decision, self.min_area, sample)]
