"""Exported models of clips on one's own videos, frame folders and streams; neither torch nor OpenMMLab is imported."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from mmirstd.deploy.session import GraphSession
from mmirstd.false_alarms.operating_point import OperatingPoint
from mmirstd.utils.errors import DataError, UserError

from .exported_options import as_session, exported_loader, exported_provenance, set_exported_threshold
from .exported_past import ExportedStream, ExportedWindow
from .frame_inference import NAN, OnError
from .frame_result import Detections, FrameResult, detected, measured
from .score_map import ScoreMap
from .sequence_inference import PreparedFrame, SequenceInference


class ExportedSequenceInferencer(SequenceInference):
    """Find moving infrared small targets with a file that ``mmirstd export`` wrote of a model of clips.

    Results are those of :class:`~.moving_target_inferencer.MovingTargetInferencer`, up to rounding.  A file of whole
    clips sees the last T frames; one of a stream (``mmirstd export --stream``) sees one frame, and is faster.

    Example::

        inferencer = ExportedSequenceInferencer('sstnet.onnx')
        for result in inferencer.infer('video.mp4'):
            print(result.frame, [(t.x, t.y, t.peak) for t in result.targets])

    Args:
        file: ``.onnx``, or OpenVINO's ``.xml``; or one that is open.
        backend, precision, threads, threshold, min_area, normalize, load_options, operating_point: See
            :class:`~.exported_inferencer.ExportedInferencer`.

    Raises:
        DataError: The file cannot be used.
        UserError: The runtime is not installed, an option does not go with the file, or it is of single images.
        ValueError: An option is out of its range.
    """

    def __init__(
        self,
        file: str | os.PathLike[str] | GraphSession,
        backend: str = 'auto',
        precision: str = 'fp32',
        threads: int | None = None,
        threshold: float | None = None,
        min_area: int = 1,
        normalize: str | None = None,
        load_options: Mapping[str, Any] | None = None,
        operating_point: OperatingPoint | None = None,
    ) -> None:
        self.session = as_session(file, backend, threads, precision)
        about = self.session.description
        self.precision = precision
        if not about.moving:
            raise UserError(
                f'{os.fspath(self.session.file)}: a network of single images', cure='mmirstd.apis.ExportedInferencer'
            )
        self.boxes = about.boxes
        self.classes = about.classes if len(about.classes) > 1 else ()
        stream = about.kind.startswith('stream-')
        kept = max((frames for frames, *_ in about.states.values()), default=0)
        # One frame that is kept is the last one, whatever is missing.
        self.gaps, self.clip_frames = 'position' if stream and kept <= 1 else about.gaps, about.frames
        set_exported_threshold(self, about, threshold, operating_point)
        self.min_area = min_area
        self.check_options()
        given = {'normalize': normalize, **(load_options or {})}
        self.load_options = {key: value for key, value in given.items() if value is not None}
        self.loader = exported_loader(about, self.load_options, os.fspath(self.session.file))
        self.warn_of_other_images()
        self._past = (ExportedStream if stream else ExportedWindow)(self.session, self.loader)

    @property
    def name(self) -> str:
        """The exported config's name."""
        return self.session.description.model

    def provenance(self) -> dict[str, Any]:
        """See the base class."""
        made = exported_provenance(self.session.description, self.min_area, self.load_options, self.loader)
        return {**made, **self.threshold_record(), **self.precision_record(None)}

    def model_digest(self) -> str | None:
        """Checksum of the exported network's config."""
        return self.session.description.model_sha256

    def forward(self, inputs: list[PreparedFrame], on_error: OnError | None = None) -> list[FrameResult]:
        """The result of one frame; one that fails has none, and the next goes on."""
        (item,) = inputs
        if self.begins(item):
            self._past.reset()
        decision = self.operating_point or self.threshold
        try:
            found = self._past.step(item.gray, item.place, f'{item.source.label}, frame {item.frame}')
            if self.boxes:
                boxes = Detections(found['boxes'], found['scores'], found.get('labels'), self.classes)
                return [detected(item.source, item.frame, item.gray, boxes, decision, self.min_area)]
            probability = found['probability'][0]
            if not np.isfinite(probability).all():
                raise DataError(f'{item.source.label}, frame {item.frame}: {NAN}')
        except Exception as error:
            if on_error is None:
                raise
            on_error(item.source, error)
            return []
        scores = ScoreMap(probability, found['logit'][0])
        return [measured(item.source, item.frame, item.gray, scores, decision, self.min_area)]
