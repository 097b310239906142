"""Let mmseg's results keep the logits of which they are made.

mmseg's ``postprocess_result`` takes the sigmoid of a network with one output channel. Soft IoU drives logits to 200,
and in float32 every probability beyond logit 17.3 is 1: such pixels cannot be ranked, and no threshold on the
probability reaches a low false-alarm rate. The samples therefore hold the field ``target_logits`` beside
``seg_logits``, which stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mmirstd.utils.errors import ConfigError

#: The field of a data sample, ``PixelData`` with (1, H, W) logits.
FIELD = 'target_logits'


def keep_target_logits(original: Callable, segmentor: Any, seg_logits: Any, data_samples: Any = None) -> Any:
    """mmseg's ``BaseSegmentor.postprocess_result``, whose samples hold the logits, too.

    Args:
        original: mmseg's own.
        segmentor: The network.
        seg_logits: (B, C, H, W). With several channels the field ``seg_logits`` has the logits already.
        data_samples: The samples, or None.

    Raises:
        ConfigError: An image was padded (``mmirstd.PadToMultiple``), but its sample does not hold ``padding_size``:
            mmseg would squeeze the prediction of the padded image into the image.
    """
    for sample in data_samples or ():
        _check_padding(sample.metainfo, tuple(seg_logits.shape[2:]))
    samples = original(segmentor, seg_logits, data_samples)
    if seg_logits.shape[1] != 1:
        return samples
    from mmengine.structures import PixelData

    for logits, sample in zip(seg_logits, samples):
        meta = {} if data_samples is None else sample.metainfo
        sample.set_data({FIELD: PixelData(data=_at_original_size(segmentor, logits, meta))})
    return samples


def _check_padding(meta: dict[str, Any], size: tuple[int, ...]) -> None:
    if 'padding_size' in meta or 'img_padding_size' in meta or not {'pad_shape', 'img_shape'} <= set(meta):
        return
    padded, before = tuple(meta['pad_shape'])[:2], tuple(meta['img_shape'])[:2]
    if padded == size and padded != before:
        raise ConfigError(
            f'{meta.get("img_path", "an image")} was padded from {before} to {padded} pixels, but its sample has no '
            'padding_size, by which mmseg cuts the prediction: it would be squeezed',
            cure="PackSegInputs(meta_keys=('img_path', 'ori_shape', 'img_shape', 'pad_shape', 'scale_factor', 'flip', "
            "'flip_direction', 'padding_size')) in the pipeline",
        )


def _at_original_size(segmentor: Any, logits: Any, meta: dict[str, Any]) -> Any:
    """(1, H, W) as mmseg brings them to the image: without padding, turned back, resized."""
    left, right, top, bottom = meta.get('img_padding_size', meta.get('padding_size', (0, 0, 0, 0)))
    height, width = logits.shape[1:]
    logits = logits[:, top : height - bottom, left : width - right]
    if meta.get('flip'):
        logits = logits.flip(dims=(2 if meta.get('flip_direction') == 'horizontal' else 1,))
    size = tuple(meta.get('ori_shape', logits.shape[1:]))[:2]
    if tuple(logits.shape[1:]) == size:
        return logits
    from mmseg.models.utils import resize

    resized = resize(logits[None], size=size, mode='bilinear', align_corners=segmentor.align_corners, warning=False)
    return resized[0]
