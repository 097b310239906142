"""The maps of a data sample as arrays: what a segmentor of one or of two classes predicted, or a mask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from mmirstd.compat.target_logits import FIELD
from mmirstd.utils.logits import logit_of

_HALF_STEP = 2.0**-7


def map_of(field: Any) -> np.ndarray:
    """One map (H, W) of a data sample's field.

    One channel is handed on: a mask, or the probabilities in [0, 1] into which mmseg turns the output of a network with
    ``out_channels=1``. Two channels of floats are the logits of background and target, which mmseg leaves as they
    are; the map is the probability of the target, their softmax.

    Args:
        field: ``PixelData``, its dict (``data=...``), tensor or array; (H, W), (1, H, W) or (2, H, W).

    Raises:
        ValueError: Another shape: more classes, or no map.
    """
    data = _array(field)
    if data.ndim == 3 and len(data) == 2 and data.dtype.kind == 'f':
        return torch.sigmoid(torch.from_numpy(data[1] - data[0])).numpy()
    if data.ndim == 3 and len(data) == 1:
        data = data[0]
    if data.ndim != 2:
        raise ValueError(
            f'found shape {data.shape}, expected (1, H, W), or (2, H, W) with the logits of background '
            'and target: a network with out_channels=1 or num_classes=2'
        )
    return data


def logit_map_of(sample: Any) -> np.ndarray:
    """The target's logits (H, W) of a data sample, float32.

    They are in the sample (:mod:`mmirstd.compat.target_logits`), or the difference of two channels. A sample that was
    made by other means has probabilities alone; their logits end where float32 does, at +-17.3.

    Args:
        sample: A data sample or its dict, with ``seg_logits``.

    Raises:
        ValueError: See :func:`map_of`.
    """
    if FIELD in sample:
        return map_of(sample[FIELD] if isinstance(sample, Mapping) else sample.get(FIELD))
    field = sample['seg_logits'] if isinstance(sample, Mapping) else sample.seg_logits
    data = _array(field)
    if data.ndim == 3 and len(data) == 2 and data.dtype.kind == 'f':
        difference: np.ndarray = data[1] - data[0]
        return difference
    return logit_of(map_of(field)).astype(np.float32)


def logit_map_with(probability: np.ndarray, sample: Any) -> np.ndarray | None:
    """The target's logits (H, W) of a data sample, None where it has none that belong to its probabilities.

    Logits of another size or of other values are of before a step that changed the probabilities: test-time
    augmentation, another size of evaluation.

    Args:
        probability: (H, W), :func:`map_of` the sample's ``seg_logits``.
        sample: A data sample or its dict, with ``seg_logits``.
    """
    field = sample['seg_logits'] if isinstance(sample, Mapping) else sample.seg_logits
    data = _array(field)
    if FIELD not in sample and not (data.ndim == 3 and len(data) == 2 and data.dtype.kind == 'f'):
        return None
    logit = logit_map_of(sample)
    if logit.shape != probability.shape or not np.isfinite(logit).all():
        return None
    # half precision has steps of 0.004 below 1
    same = np.abs(torch.from_numpy(logit).float().sigmoid().numpy() - probability) <= _HALF_STEP
    return logit if same.all() else None


def gray_of(data_batch: Any, index: int, sample: Any, shape: tuple[int, int]) -> np.ndarray | None:
    """The image that the network was given, one gray value a pixel; None if the batch has none of that size.

    Args:
        data_batch: What a data loader gives: ``inputs`` of shape (C, H, W), or (T, C, H, W) of clips, whose last frame
            is taken.
        index: Place in the batch.
        sample: The data sample or its dict; its ``padding_size`` is cut off.
        shape: (H, W) without padding.
    """
    inputs = data_batch.get('inputs') if isinstance(data_batch, Mapping) else None
    if inputs is None or len(inputs) <= index:
        return None
    image = inputs[index]
    image = np.asarray(image.detach().cpu().float() if hasattr(image, 'detach') else image)
    if image.ndim == 4:  # of a clip the key frame
        image = image[-1]
    if image.ndim == 3:
        image = image.mean(axis=0)
    left, _, top, _ = sample.get('padding_size') or (0, 0, 0, 0)
    image = image[top : top + shape[0], left : left + shape[1]]
    return image if image.shape == shape else None


def _array(field: Any) -> np.ndarray:
    data = field['data'] if isinstance(field, Mapping) else field
    if not isinstance(data, (torch.Tensor, np.ndarray)):
        data = getattr(data, 'data', data)
    if isinstance(data, torch.Tensor):
        data = data.detach().cpu()
        data = (data.float() if data.is_floating_point() else data).numpy()
    array: np.ndarray = data
    return array
