"""Evaluate images by a protocol: count each image, then summarize.

>>> import numpy as np
>>> mask = np.zeros((64, 64), bool)
>>> mask[10:13, 20:23] = True
>>> counts = [count_image('default', mask.astype(np.float32), mask)]
>>> measures = summarize('default', counts)
>>> measures['IoU'], measures['Pd'], measures['Fa']
(1.0, 1.0, 0.0)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from .image_evidence import ImageEvidence
from .protocols import ProtocolSpec, get_protocol

# Measures a table shows; the rest of a summary are the totals they are made of.
SCALARS = ('IoU', 'nIoU', 'pixAcc', 'Pd', 'Fa', 'precision', 'recall', 'F1', 'target_precision', 'target_F1', 'AUC')


def count_evidence(protocol: str | ProtocolSpec, image: ImageEvidence) -> dict[str, Any]:
    """Count one image by every part of a protocol.

    Returns:
        Part name -> a few numbers, picklable.
    """
    return {name: rule.count(image) for name, rule in get_protocol(protocol).parts.items()}


def count_image(
    protocol: str | ProtocolSpec, score: NDArray[Any], truth: NDArray[Any], name: str = 'image'
) -> dict[str, Any]:
    """As :func:`count_evidence`, from a (H, W) probability map and a (H, W) mask."""
    return count_evidence(protocol, ImageEvidence(score, truth, name))


def summarize_parts(protocol: str | ProtocolSpec, counts: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Every measure, curve and total: part name -> name -> value.

    Args:
        protocol: The protocol the counts were made by.
        counts: One entry an image, in data-set order (one protocol depends on it).

    Raises:
        ValueError: No image.
    """
    if not counts:
        raise ValueError('no image was evaluated: the data set, or its share of this process, is empty')
    return {
        name: rule.summarize([item[name] for item in counts]) for name, rule in get_protocol(protocol).parts.items()
    }


def summarize(protocol: str | ProtocolSpec, counts: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The scalar measures of a data set, as fractions; ``Fa_e6`` is Fa in units of 1e-6.

    Args and errors: as :func:`summarize_parts`.
    """
    measures: dict[str, float] = {}
    for part, values in summarize_parts(protocol, counts).items():
        suffix = '_' + part.split(':')[1] if ':' in part else ''
        for name in SCALARS:
            if name in values and isinstance(values[name], (int, float)):
                measures.setdefault(name + suffix, values[name])
        if 'Fa' in values:
            measures[f'Fa_e6{suffix}'] = values['Fa'] * 1e6
    if 'recall' in measures:
        measures.pop('pixAcc', None)  # the same quantity
    return measures


def evaluate(protocol: str | ProtocolSpec, pairs: Iterable[tuple[NDArray[Any], NDArray[Any]]]) -> dict[str, float]:
    """Evaluate (score, mask) pairs in one go, keeping one pair in memory at a time."""
    return summarize(
        protocol, [count_image(protocol, score, truth, f'image {index}') for index, (score, truth) in enumerate(pairs)]
    )
