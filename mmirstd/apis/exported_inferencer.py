"""Exported networks on one's own images and videos; neither torch nor OpenMMLab is imported."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mmirstd.datasets.gray_normalization import RENAMED_OPTIONS, GrayNormalization
from mmirstd.deploy.graph_description import GraphDescription
from mmirstd.deploy.session import open_session
from mmirstd.false_alarms.operating_point import OperatingPoint
from mmirstd.utils.errors import DataError, UserError
from mmirstd.version import __version__

from .frame_inference import OnError
from .image_inference import ImageInference
from .score_map import ScoreMap
from .session_maps import session_maps
from .tiling import Tiling


class ExportedInferencer(ImageInference):
    """Find infrared small targets with a file that ``mmirstd export`` wrote.

    Results, tiling and errors are those of :class:`~.irstd_inferencer.IRSTDInferencer` with the network that was
    exported, up to the rounding of float32.

    Example::

        inferencer = ExportedInferencer('ggl-net-tiny.onnx')
        for result in inferencer.infer('folder', recursive=True):
            print(result.source.label, result.targets, result.mask.shape)

    Args:
        file: ``.onnx``, or OpenVINO's ``.xml``.
        backend: ``'onnxruntime'`` or ``'openvino'``; ``'auto'``: what is installed and reads the file.
        precision: ``'fp32'``; with OpenVINO also ``'bf16'`` and ``'fp16'``.
        threads: Threads; None: the runtime's choice.
        threshold: Probability above which a pixel is target; None: the file's.
        min_area: Least area of a target in pixels.
        tile, tiling: See :class:`~.irstd_inferencer.IRSTDInferencer`.
        normalize, load_options: Likewise; a file that takes codes of one type has its own and takes none.

        operating_point: A threshold of the logits; None, and no ``threshold``: the file's, which is said.

    Raises:
        DataError: The file cannot be used.
        UserError: The runtime is not installed, or an option does not go with the file.
        ValueError: An option is out of its range.
    """

    def __init__(
        self,
        file: str | os.PathLike[str],
        backend: str = 'auto',
        precision: str = 'fp32',
        threads: int | None = None,
        threshold: float | None = None,
        min_area: int = 1,
        tile: str = 'auto',
        tiling: Tiling | None = None,
        normalize: str | None = None,
        load_options: Mapping[str, Any] | None = None,
        operating_point: OperatingPoint | None = None,
    ) -> None:
        self.set_tiling(tile, tiling)
        self.session = open_session(file, None if backend == 'auto' else backend, threads, precision)
        self.precision = precision
        about = self.session.description
        if threshold is None and operating_point is None and about.operating_point is not None:
            operating_point = OperatingPoint.from_dict(about.operating_point)
            self._say(f'threshold: {operating_point}, as the file was exported')
        if threshold is not None and operating_point is not None:
            raise ValueError('threshold and operating_point are two thresholds; expected one')
        self.operating_point = operating_point
        if operating_point is not None:
            threshold = operating_point.threshold
        self.threshold = about.threshold if threshold is None else threshold
        self.min_area = min_area
        self.check_options()
        self.whole_image = about.whole_image
        given = {'normalize': normalize, **(load_options or {})}
        self.load_options = {key: value for key, value in given.items() if value is not None}
        self.loader = _loader(about, self.load_options, os.fspath(file))

    @property
    def name(self) -> str:
        """The exported config's name."""
        return self.session.description.model

    def provenance(self) -> dict[str, Any]:
        """What the head of a JSON result says of how it was made (docs/inference.md)."""
        about = self.session.description
        earlier = {new: old for old, new in RENAMED_OPTIONS.items()}
        options = self.load_options
        return dict(
            min_area=self.min_area,
            model=about.model,
            weights=about.weights,
            weights_sha256=about.weights_sha256,
            normalize=options or 'config',
            normalise={earlier.get(key, key): value for key, value in options.items()} or 'config',
            tiling=self._tiling_record(),
            mmirstd=__version__,
            **self.threshold_record(),
        )

    def model_digest(self) -> str | None:
        """Checksum of the exported network's config."""
        return self.session.description.model_sha256

    def predict_maps(self, images: list[np.ndarray]) -> list[ScoreMap]:
        """See the base class."""
        return session_maps(self.session, images)

    def __call__(self, inputs: Any, batch_size: int | str = 1, on_error: OnError | None = None, **options: Any) -> dict:
        """All results at once, as :class:`~.irstd_inferencer.IRSTDInferencer` gives them: ``predictions``."""
        results: Iterator[Any] = self.infer(inputs, batch_size, on_error, **options)
        return dict(predictions=[dict(result.record(), frame=result.frame) for result in results], visualization=None)


class _CodesAsTheyAre(GrayNormalization):
    """For files that normalize by themselves: the gray values unchanged, if they have the file's type."""

    def __init__(self, input_type: str, file: str, **options: Any) -> None:
        super().__init__(**options)
        self.input_type = input_type
        self.file = file

    def normalized(self, raw: np.ndarray, path: str) -> np.ndarray:
        """See the base class."""
        if raw.dtype != self.input_type:
            raise DataError(
                path,
                found=f'pixels of type {raw.dtype}',
                expected=f'{self.input_type}, which {self.file} takes',
                cure='export the network with --input-type any, whose file takes images of any type',
            )
        return raw


def _loader(about: GraphDescription, options: Mapping[str, Any], file: str) -> GrayNormalization:
    trained = dict(about.normalization)
    if about.input_type == 'any':
        return GrayNormalization(**{**trained, **options})
    unusable = sorted(set(options) - {'nonfinite'})
    if unusable:
        raise UserError(
            f'{file}: normalizes by itself ({about.input_type} codes); {", ".join(unusable)} cannot be changed',
            cure='export the network with --input-type any, or with these options',
        )
    return _CodesAsTheyAre(about.input_type, file, **trained)
