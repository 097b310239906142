"""Load the target masks of a clip's frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmirstd.registry import TRANSFORMS
from mmirstd.utils.errors import DataError

from ..box_masks import fill_boxes
from .load_mask import LoadTargetMask


@TRANSFORMS.register_module()
class LoadClipMasks(LoadTargetMask):
    """Load the masks of a clip's frames, or the key frame's.

    A frame that is only context (``is_key_frame``, ``frame_is_key``) may have none.  Where the data set has boxes and
    no masks, the key frame's boxes are filled (``boxes='fill'``): Pd and Fa go by the targets' centers and mean the
    same, IoU is that with rectangles.

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
        count = len(results.get('img_paths') or [None])
        paths = list(results.get('mask_paths') or [*[None] * (count - 1), results.get('mask_path')])
        instances = results.get('frame_instances') or [*[None] * (count - 1), results.get('instances')]
        needed = results.get('frame_is_key')
        if needed is None:
            if paths[-1] is None and not results.get('is_key_frame', True):
                return results  # context: nobody asks
            needed = [True] * count
        if self.frames == 'key':
            paths, instances, needed = paths[-1:], instances[-1:], needed[-1:]
        # A frame that stands several times in the clip is read once.
        loaded = {path: self._load(results, path) for path in dict.fromkeys(paths) if path is not None}
        masks = []
        for path, boxes, wanted in zip(paths, instances, needed):
            if path is not None:
                masks.append(loaded[path])
            elif not wanted:
                masks.append(fill_boxes([], results['ori_shape'][:2]))
            elif self.boxes == 'fill' and boxes is not None:
                masks.append(fill_boxes([box['bbox'] for box in boxes], results['ori_shape'][:2]))
            else:
                raise DataError(self._absence(results.get('img_path') or 'the clip', paths))
        results['gt_seg_map'] = masks[0] if len(masks) == 1 else np.stack(masks, axis=-1)
        results.setdefault('seg_fields', []).append('gt_seg_map')
        return results

    def _load(self, results: dict, path: str) -> np.ndarray:
        return super().transform({**results, 'seg_map_path': path, 'seg_fields': []})['gt_seg_map']

    def _absence(self, name: str, paths: Sequence[str | None]) -> str:
        """Why a mask is missing, and what to do."""
        if paths[-1] is not None:
            return (
                f'{name}: {paths.count(None)} of the {len(paths)} frames of its clip have no mask: they are not listed '
                "in the annotation. Set context='listed' on the data set, or load the key frame's mask alone "
                "(frames='key')"
            )
        if self.boxes == 'fill':
            return (
                f"{name}: of the past frames there are no boxes to fill; frames='key' in LoadClipMasks loads the key "
                "frame's mask alone, which trains a network with supervised='key'"
            )
        return (
            f'{name}: has no mask, which training and metrics of masks need; for a test on boxes: '
            "dict(type='mmirstd.LoadClipMasks', frames='key', boxes='fill')"
        )

    def __repr__(self) -> str:
        return super().__repr__()[:-1] + f', frames={self.frames!r}, boxes={self.boxes!r})'
