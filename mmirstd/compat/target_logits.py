"""Let mmseg's results keep the logits of which they are made.

mmseg's ``postprocess_result`` takes the sigmoid of a network with one output channel. Soft IoU drives logits to 200,
and in float32 every probability beyond logit 17.3 is 1: such pixels cannot be ranked, and no threshold on the
probability reaches a low false-alarm rate. The samples therefore hold the field ``target_logits`` beside
``seg_logits``, which stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: The field of a data sample, ``PixelData`` with (1, H, W) logits.
FIELD = 'target_logits'


def keep_target_logits(original: Callable, segmentor: Any, seg_logits: Any, data_samples: Any = None) -> Any:
    """mmseg's ``BaseSegmentor.postprocess_result``, whose samples hold the logits, too.

    Args:
        original: mmseg's own.
        segmentor: The network.
        seg_logits: (B, C, H, W). With several channels the field ``seg_logits`` has the logits already.
        data_samples: The samples, or None.
    """
    samples = original(segmentor, seg_logits, data_samples)
    if seg_logits.shape[1] != 1:
        return samples
    from mmengine.structures import PixelData

    for logits, sample in zip(seg_logits, samples):
        meta = {} if data_samples is None else sample.metainfo
        sample.set_data({FIELD: PixelData(data=_at_original_size(segmentor, logits, meta))})
    return samples


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
