"""Images that show a quantizer which values a network sees."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmirstd.deploy.session import GraphSession
from mmirstd.false_alarms.operating_point import OperatingPoint
from mmirstd.utils.errors import DataError, MissingDataError
from mmirstd.utils.files import file_sha256

from .inputs import STILL_SUFFIXES, Source, expand_inputs

#: Images that are taken of a folder, at most: more changed nothing.
COUNT = 48
#: Of a larger image its middle is taken.
SIDE = 1024
#: Images on which the file is compared with float32.
COMPARED = 8
#: Mean difference of the probabilities above which a file does not compute the network: rounding makes some 1e-5.
BROKEN = 0.02


class CalibrationImages:
    """Up to ``COUNT`` images of a folder, evenly spaced in the order of names.

    Args:
        folder: With images of the scenes to come; subfolders count, too.

    Raises:
        MissingDataError: There is no image.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        path = Path(folder)
        found = [
            source
            for source in expand_inputs([str(path)], recursive=True)
            if source.kind == 'image' and str(source.location).lower().endswith(STILL_SUFFIXES)
        ]
        if not path.is_dir() or not found:
            raise MissingDataError(
                f'--calibration-images {path}', found='no image', expected='a folder with images of your scenes'
            )
        step = max(len(found) / COUNT, 1.0)
        self.sources: list[Source] = [found[int(k * step)] for k in range(min(COUNT, len(found)))]

    def record(self) -> dict[str, Any]:
        """How many images, and a checksum of their contents: for the file's meta data."""
        digest = hashlib.sha256()
        for source in self.sources:
            digest.update(file_sha256(source.location).encode())
        return dict(images=len(self.sources), images_sha256=digest.hexdigest())

    def inputs(self, inferencer: Any, input_type: str = 'any') -> Iterator[dict[str, np.ndarray]]:
        """Those of the exported graph, for each image.

        Args:
            inferencer: Whose normalization holds.
            input_type: Of the graph.

        Raises:
            DataError: An image cannot be read, or has another type than the graph's.
        """
        for source in self.sources:
            raw = source.read()
            if input_type == 'any':
                image = _middle(inferencer.prepare(raw, source).image)
                yield dict(image=image[None], range=np.array([[0, 1]], np.float32))
                continue
            if raw.dtype != input_type:
                raise DataError(source.label, found=f'pixels of type {raw.dtype}', expected=input_type)
            yield dict(image=_middle(raw)[None])


def _middle(image: np.ndarray) -> np.ndarray:
    top, left = (max(0, (side - SIDE) // 2) for side in image.shape)
    return np.ascontiguousarray(image[top : top + SIDE, left : left + SIDE])


@dataclass(frozen=True)
class QuantizationCheck:
    """How a file in int8 compares with the same network in float32, on images that it was calibrated on.

    Attributes:
        runtime: What ran both.
        images: How many.
        difference: Largest difference of a probability.
        mean_difference: Mean difference of the probabilities.
        mask_iou: IoU of all masks with those of float32; None: neither has a pixel in them.
    """

    runtime: str
    images: int
    difference: float
    mean_difference: float
    mask_iou: float | None

    @property
    def broken(self) -> bool:
        """The runtime computes something else than the network, as OpenVINO 2026.4 does with some quantized files."""
        return self.mean_difference > BROKEN

    def __str__(self) -> str:
        masks = (
            'nothing is above the threshold in either, so the masks say nothing'
            if self.mask_iou is None
            else f'the masks agree with IoU {self.mask_iou:.4f}'
        )
        return (
            f'{self.runtime}, int8 against float32 on {self.images} of the calibration images: {masks}; probabilities '
            f'differ by {self.mean_difference:.1g} in the mean, {self.difference:.2g} at most'
        )


def compare_quantized(
    quantized: GraphSession, exact: GraphSession, inputs: Iterator[dict[str, np.ndarray]]
) -> QuantizationCheck:
    """Run both on the first ``COMPARED`` images."""
    largest, total, pixels, common, either, images = 0.0, 0.0, 0, 0, 0, 0
    for _, given in zip(range(COMPARED), inputs):
        found, expected = quantized.run(given), exact.run(given)
        difference = np.abs(found['probability'] - expected['probability'])
        largest, total = max(largest, float(difference.max())), total + float(difference.sum())
        a, b = _masks(quantized, found), _masks(exact, expected)
        common, either = common + int((a & b).sum()), either + int((a | b).sum())
        images, pixels = images + 1, pixels + difference.size
    return QuantizationCheck(
        quantized.runtime, images, largest, total / max(pixels, 1), common / either if either else None
    )


def _masks(session: GraphSession, found: Mapping[str, np.ndarray]) -> np.ndarray:
    """(B, H, W) bool: the file's own masks; of a file that leaves them to its inferencer, made as that does."""
    if 'mask' in found:
        return found['mask'] > 0
    point = OperatingPoint.from_dict(session.description.operating_point)
    return np.stack([point.mask(logit) for logit in found['logit']])
