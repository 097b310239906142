"""Models of clips on one's own videos, frame folders, cameras and streams."""

from __future__ import annotations

import os
from contextlib import nullcontext
from typing import Any

import numpy as np

from mmirstd.deploy.session import RUNTIMES
from mmirstd.evaluation.maps import logit_map_of, map_of
from mmirstd.models.detectors import MultiFrameDetector
from mmirstd.models.recurrent_stream import RecurrentStream
from mmirstd.models.segmentors import MultiFrameSegmentor
from mmirstd.utils.errors import ConfigError, DataError

from .base_inferencer import TargetInferencer
from .exported_sequence_inferencer import ExportedSequenceInferencer
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
        backend: ``'torch'``; or ``'onnxruntime'`` or ``'openvino'``, for which the model is exported once, and whose
            results have no data samples. ``'auto'`` is ``'torch'``. None: as the environment variable
            ``MMIRSTD_BACKEND`` says, or ``'auto'``.
        precision: ``'fp32'``; with OpenVINO also ``'bf16'`` and ``'fp16'``.

    Raises:
        ConfigError: The config's network is another.
        UserError: The backend is not installed, or the model cannot be exported.
        ValueError: The backend does not know the precision.
    """

    _scope = 'mmdet'
    boxes = True
    detector: StreamingModel
    #: The model in another runtime; None: PyTorch runs it.
    _exported: ExportedSequenceInferencer | None = None

    def __init__(
        self,
        model: Any,
        weights: str | os.PathLike[str] | None = None,
        device: str | None = None,
        *args: Any,
        stride: int | None = None,
        backend: str | None = None,
        precision: str = 'fp32',
        **kwargs: Any,
    ) -> None:
        from .backend_choice import BACKENDS, default_backend  # which imports what exports this class

        self.stride = stride
        backend = default_backend() if backend is None else backend
        known = ('fp32', 'bf16', 'fp16') if backend == 'openvino' else ('fp32',)
        if backend not in BACKENDS or precision not in known:
            raise ValueError(
                f'backend {backend!r}, precision {precision!r}: a model of clips runs in fp32 with torch and '
                'onnxruntime, and in fp32, bf16 or fp16 with openvino'
            )
        super().__init__(model, weights, device, *args, **kwargs)
        self.precision = precision
        if backend in RUNTIMES:
            from .clip_backend import sequences_in

            self._exported = sequences_in(self, backend, precision)

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

    def provenance(self) -> dict[str, Any]:
        """See the base class."""
        return {**super().provenance(), **self.precision_record(None)}

    def _data_sample(self, result: FrameResult) -> Any:
        if result.data_sample is None:
            raise ValueError("return_datasamples: an exported file gives none; expected backend='torch'")
        return result.data_sample

    def forward(self, inputs: list[PreparedFrame], on_error: OnError | None = None) -> list[FrameResult]:
        """The result of one frame; one that fails has none, and the next goes on."""
        if self._exported is not None:
            for name in ('threshold', 'operating_point', 'min_area'):
                setattr(self._exported, name, getattr(self, name))
            return self._exported.forward(inputs, on_error)
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
