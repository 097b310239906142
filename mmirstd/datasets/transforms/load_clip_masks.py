"""Load the target masks of a clip's frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmirstd.registry import TRANSFORMS
from mmirstd.utils.errors import DataError

from .load_mask import LoadTargetMask


@TRANSFORMS.register_module()
class LoadClipMasks(LoadTargetMask):
    """Load the masks of a clip's frames, or the key frame's.

    A frame that is only context (``is_key_frame=False``) may have none.  Where the data set has boxes and no masks, the
    key frame's boxes are filled (``boxes='fill'``): Pd and Fa go by the targets' centers and mean the same, IoU is that
    with rectangles.

    Required keys: ``mask_paths`` (T paths) or ``mask_path``; or ``instances`` (and ``frame_instances`` of several
    frames); ``ori_shape``; optional: ``raw_cache``, ``mask_rule``.
    Added keys: ``gt_seg_map`` (H, W, T), or (H, W) of the key frame alone, uint8 {0, 1}; ``seg_fields`` gets its name.

    Args:
        frames: ``'all'``: a mask of each frame; ``'key'``: the key frame's, the last.
        boxes: ``'error'`` or ``'fill'``: what to do where there is no mask, but boxes.
        mask_size_mismatch, mask_rule: As in :class:`LoadTargetMask`.

    Raises:
        DataError: A mask is missing, cannot be read or has another size than the frame.
    """

    def __init__(self, frames: str = 'all', boxes: str = 'error', **kwargs) -> None:
        for name, value, known in (('frames', frames, ('all', 'key')), ('boxes', boxes, ('error', 'fill'))):
            if value not in known:
                raise ValueError(f'{name} is {value!r}; expected one of {", ".join(map(repr, known))}')
        super().__init__(**kwargs)
        self.frames = frames
        self.boxes = boxes

    def transform(self, results: dict) -> dict:
        """Load the masks."""
        paths = list(results.get('mask_paths') or [results.get('mask_path')])
        paths = paths if self.frames == 'all' else paths[-1:]
        if paths[-1] is None:
            return self._fill(results, len(results['img_paths']) if self.frames == 'all' else 1)
        if None in paths:
            raise DataError(
                f'{results.get("img_path")}: {paths.count(None)} of the {len(paths)} frames of its clip have no mask: '
                "they are not listed in the annotation. Set context='listed' on the data set, or load the key frame's "
                "mask alone (frames='key')"
            )
        # A frame that stands several times in the clip is read once.
        loaded = {
            path: super(LoadClipMasks, self).transform({**results, 'seg_map_path': path, 'seg_fields': []})
            for path in dict.fromkeys(paths)
        }
        masks = [loaded[path]['gt_seg_map'] for path in paths]
        results['gt_seg_map'] = masks[0] if len(masks) == 1 else np.stack(masks, axis=-1)
        results.setdefault('seg_fields', []).append('gt_seg_map')
        return results

    def _fill(self, results: dict, count: int) -> dict:
        """The mask of a sample that has none."""
        if not results.get('is_key_frame', True):
            return results  # context: nobody asks
        name = results.get('img_path') or 'the clip'
        if self.boxes == 'error' or results.get('instances') is None:
            raise DataError(
                f'{name}: has no mask, which training and metrics of masks need; for a test on boxes: '
                "dict(type='mmirstd.LoadClipMasks', frames='key', boxes='fill')"
            )
        instances = [results['instances']]
        if count > 1:
            if results.get('frame_instances') is None:
                raise DataError(
                    f"{name}: of the past frames there are no boxes to fill; frames='key' in LoadClipMasks loads the "
                    "key frame's mask alone, which trains a network with supervised='key'"
                )
            instances = results['frame_instances']
        masks = [_filled(boxes, results['ori_shape'][:2]) for boxes in instances]
        results['gt_seg_map'] = masks[0] if len(masks) == 1 else np.stack(masks, axis=-1)
        results.setdefault('seg_fields', []).append('gt_seg_map')
        return results

    def __repr__(self) -> str:
        return super().__repr__()[:-1] + f', frames={self.frames!r}, boxes={self.boxes!r})'


def _filled(instances: Sequence[dict], shape: Sequence[int]) -> np.ndarray:
    """The mask (H, W) of filled boxes; a box of less than a pixel keeps the pixel that it is in."""
    mask = np.zeros(tuple(shape), np.uint8)
    for instance in instances:
        x1, y1, x2, y2 = instance['bbox']
        left, top = int(np.floor(x1 + 0.5)), int(np.floor(y1 + 0.5))
        right, bottom = max(int(np.ceil(x2 - 0.5)), left + 1), max(int(np.ceil(y2 - 0.5)), top + 1)
        mask[max(top, 0) : bottom, max(left, 0) : right] = 1
    return mask
