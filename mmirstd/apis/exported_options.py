"""What inferencers of exported files share: options, provenance, and how gray values go in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from mmirstd.datasets.gray_normalization import RENAMED_OPTIONS, GrayNormalization
from mmirstd.deploy.graph_description import GraphDescription
from mmirstd.deploy.session import GraphSession, open_session
from mmirstd.false_alarms.operating_point import OperatingPoint
from mmirstd.utils.errors import DataError, UserError
from mmirstd.version import __version__

from .frame_inference import FrameInference


class CodesAsTheyAre(GrayNormalization):
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


def exported_loader(about: GraphDescription, options: Mapping[str, Any], file: str) -> GrayNormalization:
    """What prepares gray values for a file.

    Args:
        about: What the file says of itself.
        options: Of the normalization, in place of the file's.
        file: Its name, for messages.

    Raises:
        UserError: The file normalizes by itself, and takes no options.
    """
    trained = dict(about.normalization)
    if about.input_type == 'any':
        return GrayNormalization(**{**trained, **options})
    unusable = sorted(set(options) - {'nonfinite'})
    if unusable:
        raise UserError(
            f'{file}: normalizes by itself ({about.input_type} codes); {", ".join(unusable)} cannot be changed',
            cure='export the network with --input-type any, or with these options',
        )
    return CodesAsTheyAre(about.input_type, file, **trained)


def exported_provenance(
    about: GraphDescription, min_area: int, options: Mapping[str, Any], loader: GrayNormalization
) -> dict[str, Any]:
    """What the head of a JSON result says of how it was made (docs/inference.md), but for the tiling."""
    if loader.normalize == 'auto' and not set(options) - {'nonfinite', 'invert'}:
        options = {**options, 'normalize': 'auto'}
    earlier = {new: old for old, new in RENAMED_OPTIONS.items()}
    return dict(
        min_area=min_area,
        model=about.model,
        weights=about.weights,
        weights_sha256=about.weights_sha256,
        normalize=dict(options) or 'config',
        normalise={earlier.get(key, key): value for key, value in options.items()} or 'config',
        tiling=None,
        mmirstd=__version__,
        **({} if about.tta is None else dict(tta=about.tta)),
    )


def as_session(
    file: str | os.PathLike[str] | GraphSession, backend: str, threads: int | None, precision: str
) -> GraphSession:
    """A file, opened; ``'auto'`` takes what is installed and reads it."""
    if isinstance(file, GraphSession):
        return file
    return open_session(file, None if backend == 'auto' else backend, threads, precision)


def set_exported_threshold(
    inferencer: FrameInference, about: GraphDescription, threshold: float | None, point: OperatingPoint | None
) -> None:
    """Set what decides: what was asked for, or what the file was exported with, which is said.

    Raises:
        ValueError: Two thresholds are asked for, or one that does not go with boxes.
    """
    if threshold is not None and point is not None:
        raise ValueError('threshold and operating_point are two thresholds; expected one')
    if threshold is None and point is None and about.operating_point is not None:
        point = OperatingPoint.from_dict(about.operating_point)
        inferencer._say(f'threshold: {point}, as the file was exported')
    inferencer.operating_point = point
    if point is not None:
        inferencer.check_operating_point()
        threshold = point.threshold
    inferencer.threshold = about.threshold if threshold is None else threshold
