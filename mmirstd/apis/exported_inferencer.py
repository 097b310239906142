"""Exported networks on one's own images and videos; neither torch nor OpenMMLab is imported."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mmirstd.deploy.session import GraphSession
from mmirstd.false_alarms.operating_point import OperatingPoint
from mmirstd.utils.errors import UserError

from .exported_options import as_session, exported_loader, exported_provenance, set_exported_threshold
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
        file: ``.onnx``, or OpenVINO's ``.xml``; or one that is open.
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
        file: str | os.PathLike[str] | GraphSession,
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
        self.session = as_session(file, backend, threads, precision)
        about = self.session.description
        self.precision = about.precision if precision == 'fp32' else precision
        if about.moving:
            raise UserError(
                f'{os.fspath(self.session.file)}: a model of clips ({about.kind})',
                expected='a network of single images',
                cure='mmirstd.apis.ExportedSequenceInferencer, or mmirstd infer --model',
            )
        set_exported_threshold(self, about, threshold, operating_point)
        self.min_area = min_area
        self.check_options()
        self.whole_image = about.whole_image
        given = {'normalize': normalize, **(load_options or {})}
        self.load_options = {key: value for key, value in given.items() if value is not None}
        self.loader = exported_loader(about, self.load_options, os.fspath(self.session.file))
        self.warn_of_other_images()

    @property
    def name(self) -> str:
        """The exported config's name."""
        return self.session.description.model

    @property
    def tta(self) -> str | None:
        """The exported network's."""
        return self.session.description.tta

    def provenance(self) -> dict[str, Any]:
        """What the head of a JSON result says of how it was made (docs/inference.md)."""
        made = exported_provenance(self.session.description, self.min_area, self.load_options, self.loader)
        further = {**self.threshold_record(), **self.precision_record(self.session.description.calibration)}
        return {**made, 'tiling': self._tiling_record(), **further}

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
