"""Exported models of clips on one's own videos, frame folders and streams; neither torch nor OpenMMLab is imported."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from mmirstd.datasets.clip_alignment import ClipAlignment
from mmirstd.datasets.gray_normalization import GrayNormalization
from mmirstd.deploy.session import GraphSession
from mmirstd.false_alarms.operating_point import OperatingPoint
from mmirstd.utils.errors import DataError, UserError

from .exported_options import as_session, exported_loader, exported_provenance, set_exported_threshold
from .frame_inference import NAN, OnError
from .frame_result import Detections, FrameResult, detected, measured
from .frame_window import FrameWindow
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
        self._past = (_Stream if stream else _Window)(self.session, self.loader)

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


class _Window:
    """The last T frames for a file of whole clips.

    Args:
        session: The file.
        loader: Normalizes frames; where clips are aligned, each clip by its own range, as in PyTorch.
    """

    def __init__(self, session: GraphSession, loader: GrayNormalization) -> None:
        self.session = session
        self.loader = loader
        about = session.description
        self._window = FrameWindow(about.frames, about.stride, about.gaps)
        self._alignment = None if about.alignment is None else ClipAlignment(**about.alignment)

    def reset(self) -> None:
        """Begin another sequence."""
        self._window.reset()

    def step(self, gray: np.ndarray, number: int, label: str) -> dict[str, np.ndarray]:
        """Outputs for the clip that ends with the next frame (H, W), which has this number and name."""
        if self._alignment is None:
            frames, _ = self._window.step(self.loader.normalized(gray, label), number)
        else:
            frames, tokens = self._window.step(gray, number)
            clip = self.loader.normalized(np.stack(frames, axis=-1), label)
            frames = self._alignment.align([np.ascontiguousarray(frame) for frame in np.moveaxis(clip, -1, 0)], tokens)
        return self.session.run(_with_range(self.session, np.stack(frames)[None]))


class _Stream:
    """What a file of a stream keeps of the past.

    Args:
        session: The file.
        loader: Normalizes frames.
    """

    def __init__(self, session: GraphSession, loader: GrayNormalization) -> None:
        self.session = session
        self.loader = loader
        self._states: dict[str, np.ndarray] | None = None
        self._last = 0

    def reset(self) -> None:
        """Begin another sequence."""
        self._states = None

    def step(self, gray: np.ndarray, number: int, label: str) -> dict[str, np.ndarray]:
        """Outputs for the next frame (H, W), which has this number and name."""
        image = self.loader.normalized(gray, label)
        inputs = _with_range(self.session, image[None])
        about = self.session.description
        first = self._states is None
        if about.states:
            shapes = about.state_shapes(*image.shape)
            states = self._states or {name: np.zeros((1, *shape), np.float32) for name, shape in shapes.items()}
            if not first and about.gaps == 'hold':
                states = {name: _held(state, number - self._last - 1) for name, state in states.items()}
            inputs.update(first=np.array([first], np.uint8), **states)
        found = self.session.run(inputs)
        self._states = {name: found[name.replace('past', 'next')] for name in about.states}
        self._last = number
        return found


def _held(state: np.ndarray, missing: int) -> np.ndarray:
    """States (1, frames, ...) after so many frames that are missing, for each of which the last one stands."""
    again = min(missing, state.shape[1])
    return np.concatenate([state[:, again:], np.repeat(state[:, -1:], again, axis=1)], axis=1) if again > 0 else state


def _with_range(session: GraphSession, image: np.ndarray) -> dict[str, np.ndarray]:
    inputs = dict(image=image)
    if session.description.input_type == 'any':
        inputs['range'] = np.array([[0, 1]], np.float32)
    return inputs
